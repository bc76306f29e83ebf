import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A line beyond this is not a message of the engine. */
const maxLineLength = 4 * 1024 * 1024;

/**
 * The values of a stream of JSON lines, as the engine sends events and the progress of a pull. A line that is not JSON is
 * passed over: dockerode's own follower throws for it, out of reach of any catch.
 */
export async function* readJsonLines(stream: Readable): AsyncGenerator {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    rest += decoder.write(chunk as Buffer);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineLength) rest = '';
    for (const line of lines) yield* parseLine(line);
  }
  yield* parseLine(rest);
}

function* parseLine(line: string): Generator {
  if (line.trim() === '') return;
  try {
    yield JSON.parse(line);
  } catch {
    // Not a message.
  }
}
