import { HttpTransport } from './http-transport.ts';
import { LocalSource } from './local-source.ts';
import { checkBranchName, normalizeFolder, parseLocation } from './location.ts';
import { MirrorSource } from './mirror-source.ts';
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
  if (location.kind === 'local') {
    return LocalSource.open({ ...options, folder, random, path: location.path });
  }
  const { url } = location;
  const transport = openTransport(url, options);
  return MirrorSource.open({ ...options, folder, random, url }, transport);
}

function openTransport(url: string, options: SourceOptions): HttpTransport {
  const { idleTimeoutMs = 30_000, totalTimeoutMs = 600_000 } = options;
  const { maxAnswerBytes = 512 * 1024 * 1024, username = 'x-access-token', tokenFile } = options;
  const limits = { idleTimeoutMs, totalTimeoutMs, maxAnswerBytes };
  if (tokenFile !== undefined && isExposed(new URL(url))) {
    options.logger.warn({ url }, 'token is sent over plain http: anybody on the way can read it');
  }
  return new HttpTransport({ ...limits, url, username, tokenFile });
}

/** Whether a token could be read on its way there. */
function isExposed({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}
