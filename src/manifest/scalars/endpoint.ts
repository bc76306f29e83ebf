import type { Endpoint } from '../../model/fleet.ts';
import { malformed, parsed, type Parsed } from './parsed.ts';

const tcpPort = 2376;
const sshPort = 22;
/** Whoever may speak to the engine may do anything on its host, so most give that to nobody else. */
const sshUser = 'root';
const sshPath = '/var/run/docker.sock';

const place = String.raw`(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<host>[a-zA-Z0-9._-]+))(?::(?<port>\d{1,5}))?`;
const tcp = new RegExp(String.raw`^tcp://${place}/?$`);
const ssh = new RegExp(
  String.raw`^ssh://(?:(?<user>[a-zA-Z0-9_][\w.-]*)@)?${place}(?<path>/[\w.@+/-]*)?$`,
);

/**
 * Where a Docker Engine listens: `unix:///path/to/docker.sock`, `tcp://host[:port]` with mutual TLS, or
 * `ssh://[user@]host[:port][/path/to/docker.sock]`. Messages leave the text out, for a person may have put a password
 * into it.
 */
export function parseEndpoint(text: string): Parsed<Endpoint> {
  if (/^unix:\/\/\/[^/]/.test(text)) {
    return parsed({ kind: 'unix', path: text.slice('unix://'.length) });
  }
  const overTcp = tcp.exec(text)?.groups;
  const overSsh = ssh.exec(text)?.groups;
  const { ipv6, host = ipv6, port: digits } = overTcp ?? overSsh ?? {};
  const port = Number(digits ?? (overSsh === undefined ? tcpPort : sshPort));
  if (host === undefined || port < 1 || port > 65_535) return malformed(reasonFor(text));
  if (overSsh === undefined) return parsed({ kind: 'tcp', host, port, tls: true });
  const { user = sshUser, path = '/' } = overSsh;
  return parsed({ kind: 'ssh', user, host, port, path: path === '/' ? sshPath : path });
}

function reasonFor(text: string): string {
  if (/^ssh:\/\/[^/]*:[^/]*@/.test(text)) {
    return 'an endpoint must not hold a password: ssh takes a key from the folder of credentials';
  }
  if (text.startsWith('ssh:')) {
    return 'the endpoint is not valid: expected ssh://user@host:port, with the path of the socket of the engine when that is not /var/run/docker.sock';
  }
  if (text.includes('@')) return 'an endpoint must not hold a user or a password';
  if (/^https?:\/\//.test(text))
    return 'an endpoint starts with tcp://, not with http:// or https://';
  return 'the endpoint is not valid: expected unix:///path/to/docker.sock, tcp://host:port or ssh://user@host';
}
