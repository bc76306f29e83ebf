import { messageOf, StalledError, TransientError } from '../../model/errors.ts';

/** A place in a commit at which another repository stands. */
export interface SubmoduleSite {
  /** From the root of the followed repository. */
  readonly path: string;
  /** The repository around it, as messages name it. */
  readonly where: string;
  /** Where that says so, as `.gitmodules:3`; null when it does not. */
  readonly at: string | null;
}

/** The error for a submodule that is not to be followed, before anybody is asked for it. */
export function refusedSubmodule(site: SubmoduleSite, why: string, todo?: string): StalledError {
  const instead =
    todo ?? 'Mend .gitmodules, or say update = none there: then its files are not read';
  return new StalledError('SubmoduleRefused', `Cannot read ${described(site)}: ${why}. ${instead}`);
}

/**
 * The error for a submodule that cannot be had now. It is transient, whatever its cause: the commit, or the right to read it,
 * may come without anything new in the repository around it.
 */
export function missingSubmodule(site: SubmoduleSite, error: unknown): TransientError {
  const isOurs = error instanceof StalledError || error instanceof TransientError;
  const reason = isOurs ? error.reason : 'GitProtocol';
  return new TransientError(reason, `Cannot read ${described(site)}: ${messageOf(error)}`, {
    cause: error,
  });
}

function described({ path, where, at }: SubmoduleSite): string {
  return `submodule "${path}" of ${where}${at === null ? '' : ` (${at})`}`;
}
