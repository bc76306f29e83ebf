import { complain, items, members, readText, readTexts, type Cursor } from '../cursor.ts';
import { isIpAddress } from '../scalars/port.ts';

/** What the engine itself replaces by an address of the host. */
const hostGateway = 'host-gateway';

/** `name:address`, sorted. A map, or a list of `name=address` or `name:address`; a name may have several addresses. */
export function resolveExtraHosts(hosts: Cursor): readonly string[] {
  const mapped = members(hosts).flatMap(([name, value]) =>
    addressesOf(value).map((address) => entry(value, name, address)),
  );
  const listed = items(hosts).map((item) => {
    const text = readText(item) ?? '';
    const at = text.search(/[=:]/);
    return entry(item, text.slice(0, Math.max(0, at)), text.slice(at + 1));
  });
  return [...new Set([...mapped, ...listed].flatMap((each) => each ?? []))].toSorted();
}

function addressesOf(value: Cursor): readonly string[] {
  const text = readText(value);
  return text === null ? readTexts(value) : [text];
}

function entry(place: Cursor, name: string, written: string): string | null {
  const address = written.replace(/^\[(.*)\]$/, '$1');
  if (name !== '' && (isIpAddress(address) || address === hostGateway)) return `${name}:${address}`;
  const message = `"${name}=${written}" is not a host: expected name=address, such as db=10.0.0.7`;
  complain(place, 'invalid-value', message);
  return null;
}
