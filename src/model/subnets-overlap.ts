/** Whether two subnets, such as `10.9.0.0/24` and `10.9.0.128/25`, have an address in common. What is no subnet has none. */
export function subnetsOverlap(a: string, b: string): boolean {
  const [one, other] = [readSubnet(a), readSubnet(b)];
  if (one === null || other === null || one.bits !== other.bits) return false;
  const ignored = BigInt(one.bits - Math.min(one.prefix, other.prefix));
  return one.address >> ignored === other.address >> ignored;
}

interface Subnet {
  readonly address: bigint;
  /** 32 or 128. */
  readonly bits: number;
  readonly prefix: number;
}

function readSubnet(text: string): Subnet | null {
  const [address = '', length = ''] = text.split('/');
  const isVersion6 = address.includes(':');
  const bits = isVersion6 ? 128 : 32;
  const prefix = Number(length);
  const parts = isVersion6 ? hextets(address) : address.split('.').map(Number);
  const size = isVersion6 ? 16 : 8;
  const isWhole = parts.length === bits / size && parts.every((part) => isPart(part, 2 ** size));
  if (!/^\d+$/.test(length) || prefix > bits || !isWhole) return null;
  const value = parts.reduce((sum, part) => (sum << BigInt(size)) | BigInt(part), 0n);
  return { address: value, bits, prefix };
}

/** Eight numbers, with the zeros that `::` stands for. */
function hextets(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const [before, after] = [head, tail ?? ''].map(readHextets);
  if (before === undefined || after === undefined || tail === undefined) return before ?? [];
  const missing = Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array<number>(missing).fill(0), ...after];
}

function readHextets(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((part) => Number.parseInt(part, 16));
}

function isPart(part: number, limit: number): boolean {
  return Number.isInteger(part) && part >= 0 && part < limit;
}
