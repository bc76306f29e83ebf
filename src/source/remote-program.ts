import type { ClientChannel } from 'ssh2';

import type { Deadlines } from './deadlines.ts';
import { protocolError, tooLarge } from './judge-answer.ts';
import { flushPacket, isPktStart, splitPktLines } from './pkt-line.ts';
import { printable } from '../model/printable.ts';

/** How a program ended, as far as it said so. */
export interface ProgramEnd {
  /** Undefined when it was killed, or the connection broke off. */
  readonly code: number | undefined;
  /** What it wrote to stderr, cut. */
  readonly words: string;
}

export interface ProgramAnswer {
  readonly body: Buffer;
  /** Undefined while it runs on. */
  readonly end: ProgramEnd | undefined;
}

const maxWordsBytes = 4096;
const maxGarbage = 80;

/** A program of Git that runs at the other end of a channel and speaks Git's protocol over it. */
export class RemoteProgram {
  readonly #channel: ClientChannel;
  readonly #host: string;
  readonly #maxBytes: number;
  #code: number | undefined;
  #words = Buffer.alloc(0);

  /** @param host the server, as messages name it */
  constructor(channel: ClientChannel, host: string, maxBytes: number) {
    this.#channel = channel;
    this.#host = host;
    this.#maxBytes = maxBytes;
    channel.on('exit', (code: number | null) => {
      this.#code = code ?? undefined;
    });
    channel.stderr.on('data', (bytes: Buffer) => {
      const room = maxWordsBytes - this.#words.length;
      if (room > 0) this.#words = Buffer.concat([this.#words, bytes.subarray(0, room)]);
    });
    // Trouble of the channel shows as its end.
    channel.on('error', () => {});
    channel.stderr.on('error', () => {});
    channel.pause();
  }

  /**
   * Reads what it says first, up to the flush packet after which it waits for us.
   *
   * @throws TransientError `GitProtocol` when it says something that is not Git's protocol, or too much
   */
  greeting(deadlines: Deadlines): Promise<ProgramAnswer> {
    return this.#read(deadlines, true);
  }

  /** Sends it what it waits for, as the last that it gets, and reads all that it answers. */
  ask(body: Uint8Array, deadlines: Deadlines): Promise<ProgramAnswer> {
    const answer = this.#read(deadlines, false);
    this.#channel.end(body);
    return answer;
  }

  /** Lets a program that is not needed any more end by itself. */
  dismiss(): void {
    this.#channel.removeAllListeners('data');
    this.#channel.resume();
    if (this.#channel.writable) this.#channel.end(flushPacket);
  }

  /** Ends it without more ado. */
  kill(): void {
    this.#channel.removeAllListeners('data');
    this.#channel.destroy();
  }

  #read(deadlines: Deadlines, isGreeting: boolean): Promise<ProgramAnswer> {
    const channel = this.#channel;
    const chunks: Buffer[] = [];
    let received = 0;
    return new Promise((resolve, reject) => {
      const settle = (end: ProgramEnd | undefined): void => {
        channel.pause();
        channel.off('data', onData).off('close', onClose);
        resolve({ body: Buffer.concat(chunks), end });
      };
      const onClose = (): void => {
        settle({ code: this.#code, words: this.#words.toString('utf8') });
      };
      const onData = (chunk: Buffer): void => {
        deadlines.touch();
        chunks.push(chunk);
        received += chunk.length;
        if (received > this.#maxBytes) reject(tooLarge(this.#host, this.#maxBytes));
        if (!isGreeting || received < flushPacket.length) return;
        if (!isPktStart(beginOf(chunks))) reject(this.#garbage(Buffer.concat(chunks)));
        else if (endsWithFlush(chunks)) settle(undefined);
      };
      channel.on('data', onData).once('close', onClose);
      channel.resume();
    });
  }

  #garbage(seen: Buffer): Error {
    const text = printable(seen.toString('utf8'), maxGarbage);
    return protocolError(
      this.#host,
      `it says ${JSON.stringify(text)} where Git's protocol begins. Does a login script of the account print something, or has it no Git?`,
    );
  }
}

function beginOf(chunks: readonly Buffer[]): Buffer {
  const [first = Buffer.alloc(0)] = chunks;
  return first.length >= flushPacket.length ? first : Buffer.concat(chunks);
}

/** Whether all packets are there; looked at closely only when the last bytes may be the flush packet. */
function endsWithFlush(chunks: readonly Buffer[]): boolean {
  const tail = Buffer.concat(chunks.slice(-flushPacket.length));
  if (!tail.subarray(-flushPacket.length).equals(flushPacket)) return false;
  return splitPktLines(Buffer.concat(chunks)).isComplete;
}
