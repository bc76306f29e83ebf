import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';

const newline = 0x0a;

/** The text of a file, without a byte order mark, or the complaint that it is not UTF-8. */
export function decodeUtf8(file: string, bytes: Uint8Array): string | Diagnostic {
  const text = tryDecode(bytes);
  if (text !== null) return text;
  const line = 1 + countNewlines(bytes.subarray(0, validLength(bytes)));
  const message = `Cannot read "${file}": it is not UTF-8`;
  return diagnosticAt({ file, line, column: 1 }, '', 'invalid-utf8', message, {
    hint: 'Save the file as UTF-8',
  });
}

function tryDecode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Length of the whole lines before the first one that is not UTF-8. */
function validLength(bytes: Uint8Array): number {
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(newline, start);
    if (end === -1 || tryDecode(bytes.subarray(start, end)) === null) return start;
    start = end + 1;
  }
}

function countNewlines(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => count + (byte === newline ? 1 : 0), 0);
}
