import type { PktLine } from './pkt-line.ts';
import { splitPktLines } from './pkt-line.ts';
import { printable } from '../model/printable.ts';

/** What a server says of a push. */
export interface PushReport {
  readonly isAccepted: boolean;
  /** Why it was not, as the server puts it; empty when it gave no reason. */
  readonly reason: string;
  /** What its hooks printed, in one line; empty when they were silent. */
  readonly remote: string;
}

/** The longest words of a server that a message repeats, in characters. */
const maxWords = 500;

/** Reads the answer to a push: the report of receive-pack, alone or in the first side band. */
export function readPushReport(answer: Uint8Array, ref: string, isBanded: boolean): PushReport {
  const { lines } = splitPktLines(answer);
  const band = (number: number): Buffer =>
    Buffer.concat(lines.flatMap((line) => (line?.[0] === number ? [line.subarray(1)] : [])));
  const report = (isBanded ? splitPktLines(band(1)).lines : lines).map(textOf);
  const unpacked = report.find((line) => line.startsWith('unpack ')) ?? '';
  const isUnpacked = unpacked === 'unpack ok';
  const refused = report.find((line) => line.startsWith(`ng ${ref} `));
  return {
    isAccepted: isUnpacked && report.includes(`ok ${ref}`),
    reason: printable(
      refused?.slice(`ng ${ref} `.length) ?? (isUnpacked ? '' : unpacked),
      maxWords,
    ),
    remote: isBanded ? printable(band(2).toString('utf8'), maxWords) : '',
  };
}

/** Whether it was refused because somebody else was moving the branch at that moment. */
export function isContention({ reason }: PushReport): boolean {
  return /cannot lock ref|failed to (update|lock)|unable to create .*\.lock|fetch first|non-fast-forward/i.test(
    reason,
  );
}

function textOf(line: PktLine): string {
  return line === null ? '' : Buffer.from(line).toString('utf8').trimEnd();
}
