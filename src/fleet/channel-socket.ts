import { Duplex } from 'node:stream';

import type { ClientChannel } from 'ssh2';

/**
 * A channel of an SSH connection as a socket that Node's HTTP client can use and keep. It may be written to before the
 * channel is open, so that the client counts it among its connections from the start.
 */
export class ChannelSocket extends Duplex {
  readonly #open: () => Promise<ClientChannel>;
  #channel: ClientChannel | undefined;

  constructor(open: () => Promise<ClientChannel>) {
    super({ allowHalfOpen: false });
    this.#open = open;
    // Who asked for it may have given up before it fails, and what nobody listens to would end the process.
    this.on('error', () => {});
  }

  override _construct(callback: (error?: Error | null) => void): void {
    void this.#begin(callback);
  }

  override _read(): void {
    this.#channel?.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    this.#channel?.write(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#channel?.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#channel?.close();
    // What it still holds is of no use, and its end comes after it.
    this.#channel?.resume();
    callback(error);
  }

  // What the client may ask of a socket, and means nothing here: the connection looks after itself.
  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  async #begin(callback: (error?: Error | null) => void): Promise<void> {
    let failure: Error | null = null;
    try {
      this.#take(await this.#open());
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    callback(failure);
  }

  #take(channel: ClientChannel): void {
    this.#channel = channel;
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.on('end', () => this.push(null));
    channel.on('close', () => this.destroy());
    channel.on('error', (error: Error) => this.destroy(error));
  }
}
