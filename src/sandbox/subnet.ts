/** An IPv4 network of 256 addresses, as its first three numbers: `10.77.3`. */
export type Subnet = string;

/** First and last IPv4 address of something that is in use, as numbers. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
}

/** Networks that engines make inside their hosts come from here; `chooseSubnet` stays out of it. */
export const enginePool = { base: '10.128.0.0/12', size: 24 } as const;

const firstSecondNumber = 64;
const candidates = 64 * 256;

/**
 * Chooses the lan of a fleet out of 10.64.0.0/10: the place to start comes from the id, so that fleets that start at the
 * same moment do not meet, and what is in use is passed over.
 *
 * @throws Error when all of it is in use
 */
export function chooseSubnet(id: string, inUse: readonly AddressRange[]): Subnet {
  const start = Number.parseInt(id.slice(-4), 16) % candidates;
  for (let step = 0; step < candidates; step++) {
    const number = (start + step) % candidates;
    const subnet = `10.${firstSecondNumber + Math.floor(number / 256)}.${number % 256}`;
    const first = toNumber(`${subnet}.0`);
    if (!inUse.some((range) => range.first <= first + 255 && first <= range.last)) return subnet;
  }
  throw new Error('Cannot choose a network for the fleet: all of 10.64.0.0/10 is in use');
}

/** The lan in the notation of routes: `10.77.3.0/24`. */
export function lanRange(subnet: Subnet): string {
  return `${subnet}.0/24`;
}

/** Address of the machine itself on the lan of a fleet. */
export function gatewayAddress(subnet: Subnet): string {
  return `${subnet}.1`;
}

/** Address of a host; `index` counts from 1. */
export function hostAddress(subnet: Subnet, index: number): string {
  return `${subnet}.${10 + index}`;
}

/** Reads `10.0.0.0/8` or `10.0.0.1`; null when it is neither, as with `default`. */
export function parseRange(text: string): AddressRange | null {
  const match = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(text);
  if (match?.[1] === undefined) return null;
  const size = 2 ** (32 - Number(match[2] ?? 32));
  const first = Math.floor(toNumber(match[1]) / size) * size;
  // The default route covers every address and yet takes none.
  return size === 2 ** 32 ? null : { first, last: first + size - 1 };
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
