import type { PortSpec } from '../../model/container.ts';

import { malformed, parsed, type Parsed } from './parsed.ts';

interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The short form of a port, `[ip:][host[-end]:]container[-end][/protocol]`, as one entry per container port. Ranges go
 * side by side and must have the same length; only a single container port may have a range of host ports, from which
 * the engine then picks one.
 */
export function parsePort(text: string): Parsed<readonly PortSpec[]> {
  const parts = text.split(':');
  const [rawTarget = '', rawProtocol = ''] = splitOnce(parts.at(-1) ?? '', '/');
  const rawPublished = parts.at(-2) ?? '';
  const hostIp = parts
    .slice(0, -2)
    .join(':')
    .replace(/^\[(.*)\]$/, '$1');
  const protocol = rawProtocol === '' ? 'tcp' : rawProtocol.toLowerCase();
  const target = parseRange(rawTarget);

  if (target === null || target.first === 0)
    return malformed(`Invalid containerPort: ${rawTarget}`);
  if (!isProtocol(protocol)) return malformed(`Invalid proto: ${rawProtocol}`);
  if (hostIp !== '' && !isIpAddress(hostIp)) return malformed(`Invalid ip address: ${hostIp}`);
  const published = rawPublished === '' ? undefined : parseRange(rawPublished);
  if (published === null) return malformed(`Invalid hostPort: ${rawPublished}`);
  if (published !== undefined && target.first !== target.last && size(published) !== size(target)) {
    return malformed(
      `Invalid ranges specified for container and host Ports: ${rawTarget} and ${rawPublished}`,
    );
  }
  return parsed(
    Array.from({ length: size(target) }, (_, index) => ({
      target: target.first + index,
      protocol,
      hostIp,
      published: publishedAt(published, target, index),
    })),
  );
}

function publishedAt(published: PortRange | undefined, target: PortRange, index: number): string {
  if (published === undefined || published.last === 0) return '';
  const { first, last } = published;
  return size(target) === 1 && first !== last ? `${first}-${last}` : String(first + index);
}

function parseRange(text: string): PortRange | null {
  if (!/^\d{1,5}(?:-\d{1,5})?$/.test(text)) return null;
  const [first = 0, last = first] = text.split('-').map(Number);
  return first <= last && last <= 65_535 ? { first, last } : null;
}

function size(range: PortRange): number {
  return range.last - range.first + 1;
}

function isProtocol(text: string): text is PortSpec['protocol'] {
  return text === 'tcp' || text === 'udp' || text === 'sctp';
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** An IPv4 address in four decimal numbers, or an IPv6 address without brackets and zone. */
export function isIpAddress(text: string): boolean {
  if (/^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text)) return true;
  return text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]/`);
}
