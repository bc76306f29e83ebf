import type { ContainerId } from '../model/names.ts';
import type { Deadline } from './deadline.ts';
import { withDeadline, withEither } from './deadline.ts';
import type { DockerHost } from './docker-host.ts';
import { enginePath } from './engine-path.ts';
import type { Evidence } from './fleet.ts';
import type { WireContainer } from './wire.ts';

const lineCount = 20;
/** A line of a log has no bound of its own. */
const maxBytes = 256 * 1024;

/** Reads what a container left: the last lines of its log and the output of its last health probes. */
export async function readEvidence(
  client: DockerHost,
  container: ContainerId,
  deadline: Omit<Deadline, 'what'>,
  signal: AbortSignal,
): Promise<Evidence> {
  const inspected = await client.json<WireContainer>({
    what: `inspect container "${container}"`,
    path: enginePath`/containers/${container}/json`,
    deadlineMs: deadline.ms,
    signal,
  });
  const bytes = await readLog(client, container, deadline, signal);
  const text = inspected.Config?.Tty === true ? bytes.toString('utf8') : demultiplex(bytes);
  const probes = inspected.State?.Health?.Log ?? [];
  return {
    log: toLines(text),
    health: probes.map((probe) => (probe.Output ?? '').trimEnd()).filter((line) => line !== ''),
  };
}

/** Read as a stream: docker-modem would parse a log that happens to be JSON. */
function readLog(
  client: DockerHost,
  container: ContainerId,
  deadline: Omit<Deadline, 'what'>,
  signal: AbortSignal,
): Promise<Buffer> {
  const what = `read the log of container "${container}"`;
  return withDeadline({ what, ...deadline }, signal, (inner) =>
    withEither([inner, signal], async (either) => {
      const stream = await client.stream({
        what,
        path: enginePath`/containers/${container}/logs`,
        query: { stdout: '1', stderr: '1', tail: String(lineCount) },
        deadlineMs: deadline.ms,
        signal: either,
      });
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stream) {
        chunks.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (size > maxBytes) break;
      }
      return Buffer.concat(chunks);
    }),
  );
}

/** Frames of `[stream, 0, 0, 0, length (4 bytes, big endian)]` and payload; a cut-off frame gives what there is of it. */
export function demultiplex(bytes: Buffer): string {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 8 <= bytes.length) {
    const length = bytes.readUInt32BE(at + 4);
    parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString('utf8');
}

function toLines(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.slice(-lineCount);
}
