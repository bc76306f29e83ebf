import { StalledError, TransientError, UsageError } from '../model/errors.ts';

/** Exit codes: DESIGN's contract, and docs/cli.md. */
export const exitCode = {
  done: 0,
  /** Invalid manifests, a difference that was asked about, or not converged. */
  negative: 1,
  /** The command, its options or the operator's configuration are wrong. */
  usage: 2,
  /** Git, a host or the API could not be reached. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Trouble with the place that was named, as against trouble with reaching it. */
const unreachableReasons: readonly string[] = [
  'AuthenticationFailed',
  'HostKeyChanged',
  'HostKeyUnknown',
  'HostUnreachable',
];

/** What was asked for is right, and cannot be done as things stand. */
const negativeReasons: readonly string[] = [
  'ChangeConflict',
  'CheckedOut',
  'InvalidRevert',
  'NoEarlierVersion',
  'PushRefused',
  'SharedFiles',
];

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCode.usage;
  if (error instanceof TransientError) return exitCode.unreachable;
  if (error instanceof StalledError) {
    if (negativeReasons.includes(error.reason)) return exitCode.negative;
    return unreachableReasons.includes(error.reason) ? exitCode.unreachable : exitCode.usage;
  }
  return exitCode.negative;
}
