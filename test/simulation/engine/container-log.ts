import type { ApiResponse } from './api.ts';
import { ok, refusal } from './api.ts';
import type { Container } from './container.ts';

/** `GET /containers/{id}/logs`: the last lines, in frames that say which stream each is of. */
export function readLog(
  container: Container,
  query: Readonly<Record<string, string>>,
): ApiResponse {
  const wanted = [isSet(query['stdout']) ? 1 : 0, isSet(query['stderr']) ? 2 : 0];
  if (wanted.every((stream) => stream === 0)) {
    return refusal(400, 'Bad parameters: you must choose at least one stream');
  }
  const count = Number(query['tail']);
  const lines = container.log.filter(({ stream }) => wanted.includes(stream));
  const last = Number.isInteger(count) && count >= 0 ? lines.slice(lines.length - count) : lines;
  return ok(Buffer.concat(last.map((line) => frame(container, line.stream, line.text))));
}

/** The whole log. */
export function wholeLog(container: Container): Buffer {
  return Buffer.concat(container.log.map((line) => frame(container, line.stream, line.text)));
}

/** With a terminal there is but one stream, and no frames. */
function frame(container: Container, stream: 1 | 2, text: string): Buffer {
  return container.config.Tty ? Buffer.from(`${text}\n`) : framed(stream, text);
}

/** A line with the head that says of which stream it is. */
export function framed(stream: 1 | 2, text: string): Buffer {
  const payload = Buffer.from(`${text}\n`);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
