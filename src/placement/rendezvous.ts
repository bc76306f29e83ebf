/**
 * Where a key would rather be, among hosts that are alike: a number for each pair, which depends on no other host, so that
 * different keys fill hosts in different orders. For ties only: it needs no more than to be spread well, and to be cheap.
 *
 * @param key stirred, as is the host
 * @returns 0 to 2^32 - 1
 */
export function rendezvous(key: number, host: number): number {
  return mix(key ^ host);
}

/** A text as a number, 32 bits. */
export function stir(text: string): number {
  return mix(textHash(text));
}

/** FNV-1a, 32 bits, over UTF-16 units. */
function textHash(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93);
  }
  return hash;
}

/** The finalizer of MurmurHash3: every bit of the input moves half of the output's. */
function mix(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
