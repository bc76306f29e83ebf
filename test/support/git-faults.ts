/** What a server does wrong with the bytes of an answer, once it knows the right one. */
export type BodyFault =
  /** Sends the first bytes and breaks the connection. */
  | { readonly kind: 'break'; readonly at: number }
  /** Sends the first bytes and ends as if that were all. */
  | { readonly kind: 'cut'; readonly at: number }
  /** Sends this share of all bytes, between 0 and 1, and ends as if that were all. */
  | { readonly kind: 'cut-share'; readonly share: number }
  /** Leaves out the last packets and ends as if that were all. */
  | { readonly kind: 'cut-at-packet'; readonly packets: number }
  /** Changes one byte of the pack, counted from its end when negative. */
  | { readonly kind: 'flip'; readonly at: number }
  /** Changes the byte of the pack behind this share of it. */
  | { readonly kind: 'flip-share'; readonly share: number }
  /** Sends this pack in place of the one asked for. */
  | { readonly kind: 'pack'; readonly pack: Buffer }
  | { readonly kind: 'html' };

/** The list of refs and its capabilities, a pack that is asked for, or one that is pushed. */
export type Phase = 'refs' | 'pack' | 'push';

const page = '<html>Please log in</html>';

/** What is sent in place of the right answer. */
export function spoiled(body: Buffer, fault: BodyFault): Buffer {
  switch (fault.kind) {
    case 'break':
    case 'cut':
      return body.subarray(0, fault.at);
    case 'cut-share':
      return body.subarray(0, Math.floor(body.length * fault.share));
    case 'cut-at-packet':
      return Buffer.concat(packets(body).slice(0, -fault.packets));
    case 'flip':
      return packAnswer(flipped(packIn(body), fault.at));
    case 'flip-share': {
      const pack = packIn(body);
      return packAnswer(flipped(pack, Math.floor(pack.length * fault.share)));
    }
    case 'pack':
      return packAnswer(fault.pack);
    case 'html':
      return Buffer.from(page);
  }
}

/** Where the first list of packets ends, after its flush packet; undefined when it does not. */
export function endOfList(bytes: Buffer): number | undefined {
  let at = 0;
  for (const packet of packets(bytes)) {
    at += packet.length;
    if (packet.toString('latin1') === '0000') return at;
  }
  return undefined;
}

function packets(body: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const size = Math.max(4, Number.parseInt(body.toString('latin1', at, at + 4), 16));
    found.push(body.subarray(at, at + size));
    at += size;
  }
  return found;
}

/** What was sent in the first side band. */
function packIn(body: Buffer): Buffer {
  const lines = packets(body).map((packet) => packet.subarray(4));
  return Buffer.concat(lines.filter((line) => line[0] === 1).map((line) => line.subarray(1)));
}

function flipped(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body);
  const index = at < 0 ? body.length + at : at;
  copy.writeUInt8(copy.readUInt8(index) ^ 0x10, index);
  return copy;
}

function packAnswer(pack: Buffer): Buffer {
  const band = Buffer.concat([Buffer.from([1]), pack]);
  return Buffer.concat([frame(Buffer.from('NAK\n')), frame(band), Buffer.from('0000')]);
}

function frame(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}
