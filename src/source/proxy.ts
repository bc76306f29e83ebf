import { UsageError } from '../model/errors.ts';
import { readSecret } from '../secrets/credential-file.ts';
import { basic } from './http-authorization.ts';

/** A proxy through which servers are reached. */
export interface ProxyOptions {
  /** `http://proxy.example.com:3128`, without credentials. */
  readonly url: string;
  /** Holds `user:password`; read at each use. */
  readonly credentialsFile?: string | undefined;
  /** Servers that are reached without it, as in `NO_PROXY`: names with all below them, addresses, `:port`, or `*`. */
  readonly bypass?: string | undefined;
}

/**
 * Reads the URL of a proxy.
 *
 * @throws UsageError that does not repeat what may be a password
 */
export function parseProxy(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 'http:') {
    throw new UsageError(
      'Cannot use the proxy: its URL must look like http://proxy.example.com:3128',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      `Cannot use the proxy ${url.origin}: its URL holds a user name or password. Put user:password into a file, and name that with proxyCredentialsFile`,
    );
  }
  return url;
}

/** Whether a server is to be reached without the proxy. */
export function isSpared(url: URL, bypass: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return bypass
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const groups = /^(?<name>\[[^\]]*\]|[^:]*|[^:]*:.*:.*?)(?::(?<port>\d+))?$/.exec(
        entry,
      )?.groups;
      const name = groups?.['name']?.replace(/^\[|\]$/g, '').replace(/^\*?\./, '') ?? '';
      if (name === '' || (groups?.['port'] ?? port) !== port) return false;
      return name === '*' || name === host || host.endsWith(`.${name}`);
    });
}

/** The header by which the proxy knows us, or none. */
export async function proxyHeaders({
  credentialsFile,
}: ProxyOptions): Promise<Record<string, string>> {
  if (credentialsFile === undefined) return {};
  const [user = '', ...password] = (
    await readSecret(credentialsFile, 'file with the credentials of the proxy')
  ).split(':');
  return { 'proxy-authorization': basic(user, password.join(':')) };
}
