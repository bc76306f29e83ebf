import { LocalSource } from './local-source.ts';
import { checkRef, normalizeFolder, parseLocation } from './location.ts';
import { MirrorSource } from './mirror-source.ts';
import { openTransport } from './open-transport.ts';
import type { SourceOptions } from './source-options.ts';
import type { Source } from './source.ts';
import { Submodules } from './submodules/submodules.ts';

/**
 * Opens the repository that the options name. A local one is looked at now; a server is asked by the first `head()`.
 *
 * @throws UsageError when the options themselves are wrong
 * @throws StalledError `RepositoryNotFound`, `UnsupportedRepository`, `MirrorInUse`
 */
export async function openSource(options: SourceOptions): Promise<Source> {
  checkRef(options.ref);
  const folder = normalizeFolder(options.path);
  const location = parseLocation(options.repository);
  const { random = Math.random } = options;
  const submodules = submodulesOf(options);
  if (location.kind === 'local') {
    return LocalSource.open({ ...options, folder, random, path: location.path, submodules });
  }
  const transport = openTransport(location, options);
  return MirrorSource.open({ ...options, folder, random, location, submodules }, transport);
}

function submodulesOf(options: SourceOptions): Submodules | null {
  const { submodules } = options;
  if (submodules === undefined || submodules.rule.kind === 'off') return null;
  return new Submodules(submodules, options);
}
