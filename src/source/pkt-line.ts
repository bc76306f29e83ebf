/** A pkt-line of Git's protocol; a flush or delimiter packet has no bytes and is null. */
export type PktLine = Uint8Array | null;

export interface PktLines {
  readonly lines: readonly PktLine[];
  /** Whether the bytes are whole packets and the last of them is a flush packet, as every whole answer ends. */
  readonly isComplete: boolean;
}

/** Splits an answer into its packets; stops where the framing is broken. */
export function splitPktLines(bytes: Uint8Array): PktLines {
  const lines: PktLine[] = [];
  let last = -1;
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = lengthOf(bytes.subarray(at, at + 4));
    const size = Math.max(4, length);
    if (Number.isNaN(length) || length === 3 || at + size > bytes.length) break;
    lines.push(length < 4 ? null : bytes.subarray(at + 4, at + length));
    last = length;
    at += size;
  }
  return { lines, isComplete: at === bytes.length && last === 0 };
}

/** Frames a text as one packet. */
export function pktLine(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from((body.length + 4).toString(16).padStart(4, '0')), body]);
}

export const flushPacket: Buffer = Buffer.from('0000');

function lengthOf(digits: Uint8Array): number {
  const text = Buffer.from(digits).toString('latin1');
  return /^[0-9a-f]{4}$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;
}

/** Whether bytes may be the beginning of a packet: its length in four digits. */
export function isPktStart(bytes: Uint8Array): boolean {
  return !Number.isNaN(lengthOf(bytes.subarray(0, 4)));
}
