import { HttpSource } from './http-source.ts';
import { LocalSource } from './local-source.ts';
import { checkBranchName, normalizeFolder, parseLocation } from './location.ts';
import type { SourceOptions } from './source-options.ts';
import type { Source } from './source.ts';

/**
 * Opens the repository that the options name. A local one is looked at now; a server is asked by the first `head()`.
 *
 * @throws UsageError when the options themselves are wrong
 * @throws StalledError `RepositoryNotFound`, `UnsupportedRepository`, `MirrorInUse`
 */
export async function openSource(options: SourceOptions): Promise<Source> {
  checkBranchName(options.branch);
  const folder = normalizeFolder(options.path);
  const location = parseLocation(options.repository);
  const { random = Math.random } = options;
  return location.kind === 'local'
    ? LocalSource.open({ ...options, folder, random, path: location.path })
    : HttpSource.open({ ...options, folder, random, url: location.url });
}
