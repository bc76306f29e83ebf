import { UsageError } from '../model/errors.ts';
import { run } from './command.ts';
import { updatePackageLists } from './packages.ts';

const format = '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)';

/**
 * Address of the mirror that this machine gets Debian from.
 *
 * @throws UsageError when it gets it from nowhere
 */
export async function debianMirror(signal?: AbortSignal): Promise<string> {
  // What a source is of stands in the lists that were fetched from it, and images of machines come without any.
  const known = await findMirror(signal);
  if (known !== null) return known;
  await updatePackageLists(signal);
  const found = await findMirror(signal);
  if (found !== null) return found;
  throw new UsageError(
    'Cannot make the file system of Debian 13: none of the sources of apt on this machine is a mirror of Debian that asks for no password; add one to /etc/apt/sources.list.d',
  );
}

async function findMirror(signal?: AbortSignal): Promise<string | null> {
  const targets = ['indextargets', '--format', format, 'Created-By: Packages'];
  return mirrorIn(await run('apt-get', targets, { signal }));
}

/** The mirror among the sources of apt, one of them on each line. */
export function mirrorIn(targets: string): string | null {
  const lines = targets.split('\n').map((line) => line.split('|'));
  return lines.find(isDebian)?.[3] ?? null;
}

/** An address with a password in it would be seen in the list of processes, and in errors. */
function isDebian([origin, label, component, address = '']: readonly string[]): boolean {
  const isOfDebian = origin === 'Debian' && label === 'Debian' && component === 'main';
  return isOfDebian && !address.includes('@');
}
