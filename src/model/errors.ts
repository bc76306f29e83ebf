/**
 * Errors by what the loop should do about them. Ordinary "no" answers (an invalid manifest, an unreachable host) are
 * values; these are for what cannot be answered in place.
 */
abstract class FleetwrightError extends Error {
  /** Stable code in Pascal case. */
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.name = new.target.name;
  }
}

/** A person must change something: the command, the configuration, a credential, the repository. Retrying is pointless. */
export class StalledError extends FleetwrightError {}

/** Something outside (Git, a host, a registry) does not answer or answers wrongly: back off and try again. */
export class TransientError extends FleetwrightError {}

/** The command line or the operator's configuration is wrong: exit code 2. */
export class UsageError extends FleetwrightError {
  constructor(message: string, options?: ErrorOptions) {
    super('Usage', message, options);
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
