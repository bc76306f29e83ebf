import type { PortSpec } from '../../model/container.ts';
import { child, complain, items, readNumber, readText, type Cursor } from '../cursor.ts';
import { isIpAddress } from '../scalars/port.ts';

/** The published ports of a service, in their normal form. */
export function resolvePorts(service: Cursor): readonly PortSpec[] {
  return items(child(service, 'ports'))
    .flatMap((item) => readPort(item) ?? [])
    .toSorted(comparePorts);
}

/** One entry of `ports` in its long form, or null when it is not valid. */
export function readPort(item: Cursor): PortSpec | null {
  const target = readNumber(child(item, 'target'));
  const protocol = readProtocol(child(item, 'protocol'));
  const hostIp = readHostIp(child(item, 'host_ip'));
  const published = readPublished(child(item, 'published'));
  if (target === null || protocol === null || hostIp === null || published === null) return null;
  return { target, protocol, hostIp, published };
}

/** `8080/tcp` of `expose`, without what is published anyway. */
export function resolveExpose(service: Cursor, ports: readonly PortSpec[]): readonly string[] {
  const published = new Set(ports.map(({ target, protocol }) => `${target}/${protocol}`));
  const exposed = items(child(service, 'expose')).flatMap(readExposed);
  return [...new Set(exposed)]
    .filter((key) => !published.has(key))
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || compareText(a, b));
}

function readExposed(item: Cursor): readonly string[] {
  const text = readText(item);
  if (text === null) return [];
  const match = /^(?<first>\d{1,5})(?:-(?<last>\d{1,5}))?(?:\/(?<protocol>tcp|udp|sctp))?$/i.exec(
    text,
  );
  const first = Number(match?.groups?.['first'] ?? 0);
  const last = Number(match?.groups?.['last'] ?? first);
  if (first < 1 || last < first || last > 65_535) {
    complain(
      item,
      'invalid-value',
      `"${text}" is not a port: expected a number or a range, and optionally a protocol, such as 8080/udp`,
    );
    return [];
  }
  const protocol = match?.groups?.['protocol']?.toLowerCase() ?? 'tcp';
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}

function readProtocol(cursor: Cursor): PortSpec['protocol'] | null {
  const text = (readText(cursor) ?? 'tcp').toLowerCase();
  if (text === 'tcp' || text === 'udp' || text === 'sctp') return text;
  complain(cursor, 'invalid-value', `"${text}" is not a protocol: expected tcp, udp or sctp`);
  return null;
}

function readHostIp(cursor: Cursor): string | null {
  const text = (readText(cursor) ?? '').replace(/^\[(.*)\]$/, '$1');
  if (text === '' || isIpAddress(text)) return text;
  complain(cursor, 'invalid-value', `"${text}" is not an IP address`);
  return null;
}

function readPublished(cursor: Cursor): string | null {
  const text = readText(cursor) ?? '';
  if (text === '' || text === '0') return '';
  const ends = /^\d{1,5}(-\d{1,5})?$/.test(text) ? text.split('-').map(Number) : [];
  const [first = 0, last = first] = ends;
  if (first >= 1 && last >= first && last <= 65_535) {
    return first === last ? String(first) : `${first}-${last}`;
  }
  complain(
    cursor,
    'invalid-value',
    `"${text}" is not a port of the host: expected a number from 1 to 65535, or a range of them`,
  );
  return null;
}

function comparePorts(a: PortSpec, b: PortSpec): number {
  return (
    compareText(a.protocol, b.protocol) ||
    a.target - b.target ||
    compareText(a.hostIp, b.hostIp) ||
    compareText(a.published, b.published)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
