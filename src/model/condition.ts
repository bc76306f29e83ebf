/** The status triple of Kubernetes and Flux, per application. */
export interface Condition {
  readonly type: 'Ready' | 'Reconciling' | 'Stalled';
  readonly status: boolean;
  /** Stable code in Pascal case, such as `RolledBack`, `ImageNotFound`, `WaitingForGate`. */
  readonly reason: string;
  readonly message: string;
}

/** Worst last, so that the health of a whole is the maximum of its parts. */
const healthOrder = [
  'healthy',
  'suspended',
  'progressing',
  'missing',
  'degraded',
  'unknown',
] as const;

export type Health = (typeof healthOrder)[number];

export function worstHealth(healths: Iterable<Health>): Health {
  let worst: Health = 'healthy';
  for (const health of healths) {
    if (healthOrder.indexOf(health) > healthOrder.indexOf(worst)) worst = health;
  }
  return worst;
}
