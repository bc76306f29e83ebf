/** For one try, in milliseconds. */
export const tryTimeoutMs = 10_000;

/** A notice has not reached its receiver. The message holds no secret, and nothing of what the other side sent but numbers. */
export class DeliveryError extends Error {
  /** Another try would come to the same. */
  readonly isFinal: boolean;
  /** How long the other side asks to be left alone, in milliseconds; null: it does not say. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    facts: { readonly isFinal?: boolean; readonly retryAfterMs?: number | null } = {},
  ) {
    super(message);
    this.name = 'DeliveryError';
    this.isFinal = facts.isFinal ?? false;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}

/** Of what was thrown by a try, also one that took too long. */
export function asDeliveryError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error;
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  // Of whatever else there is no message is known to be free of secrets.
  return new DeliveryError(isLate ? 'no answer in time' : 'it cannot be told; this is a bug');
}
