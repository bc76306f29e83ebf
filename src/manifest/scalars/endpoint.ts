import type { Endpoint } from '../../model/fleet.ts';
import { malformed, parsed, type Parsed } from './parsed.ts';

const defaultPort = 2376;
const tcp =
  /^tcp:\/\/(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<host>[a-zA-Z0-9._-]+))(?::(?<port>\d{1,5}))?\/?$/;

/**
 * Where a Docker Engine listens: `unix:///path/to/docker.sock`, or `tcp://host[:port]` with mutual TLS. Messages leave
 * the text out, for a person may have put a password into it.
 */
export function parseEndpoint(text: string): Parsed<Endpoint> {
  if (/^unix:\/\/\/[^/]/.test(text)) {
    return parsed({ kind: 'unix', path: text.slice('unix://'.length) });
  }
  const { ipv6, host = ipv6, port = String(defaultPort) } = tcp.exec(text)?.groups ?? {};
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535) {
    return parsed({ kind: 'tcp', host, port: Number(port), tls: true });
  }
  return malformed(reasonFor(text));
}

function reasonFor(text: string): string {
  if (text.includes('@')) return 'an endpoint must not hold a user or a password';
  if (text.startsWith('ssh://')) return 'endpoints with ssh:// are not supported yet';
  if (/^https?:\/\//.test(text))
    return 'an endpoint starts with tcp://, not with http:// or https://';
  return 'the endpoint is not valid: expected unix:///path/to/docker.sock or tcp://host:port';
}
