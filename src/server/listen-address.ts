import { isIP } from 'node:net';

/** Where the operator listens. */
export interface ListenAddress {
  /** An IP address, or a name that leads to one of this machine's. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` and `PORT` for loopback alone; null when it is none of them. */
export function parseListenAddress(text: string): ListenAddress | null {
  const found = /^(?:(?:\[(?<v6>[^\]]*)\]|(?<host>[^:[\]]*)):)?(?<port>\d{1,5})$/.exec(text);
  const { v6, host, port } = found?.groups ?? {};
  if (port === undefined || Number(port) > 65_535) return null;
  if (v6 !== undefined) return isIP(v6) === 6 ? { host: v6, port: Number(port) } : null;
  return { host: host === undefined || host === '' ? '127.0.0.1' : host, port: Number(port) };
}

export function formatListenAddress({ host, port }: ListenAddress): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
