import { join, normalize } from 'node:path/posix';

/**
 * The path from the root of the repository that a manifest in `folder` means by `written`, or null when it does not lie
 * below `root`: an absolute path, one below `~`, or one with too many `..`.
 */
export function repositoryPath(root: string, folder: string, written: string): string | null {
  if (written === '' || written.startsWith('/') || written.startsWith('~')) return null;
  const path = normalize(join(folder, written));
  const outside = path === '..' || path.startsWith('../');
  return outside || !isBelow(root, path) ? null : path;
}

/** As repositoryPath, for a folder, which may be `root` itself. The root of the repository is the empty text. */
export function repositoryFolder(root: string, folder: string, written: string): string | null {
  if (written.startsWith('/') || written.startsWith('~')) return null;
  const path = normalize(join(folder, written)).replace(/\/$/, '');
  if (path === '..' || path.startsWith('../')) return null;
  const found = path === '.' ? '' : path;
  return found === root || isBelow(root, found) ? found : null;
}

/** Whether `path` lies in the folder `root` or below it; the empty one is the root of the repository. */
export function isBelow(root: string, path: string): boolean {
  return root === '' || path.startsWith(`${root}/`);
}
