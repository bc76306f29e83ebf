import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Readable } from 'node:stream';

import type { SiteTarget } from './ask-site.ts';

/** What RFC 6455 adds to the key of a handshake. */
const handshakeSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** An answer of the test application that does not end by itself. Times are those of `performance.now()`. */
export class OpenStream {
  #heard = '';
  #heardAt: number | null = null;
  #endedAt: number | null = null;

  constructor(source: Readable) {
    source.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString('latin1');
      this.#heardAt = performance.now();
    });
    // One that is cut off has ended.
    source.on('error', () => {});
    source.on('close', () => (this.#endedAt = performance.now()));
  }

  get heard(): string {
    return this.#heard;
  }

  /** When the last of it came; null: nothing has come. */
  get heardAt(): number | null {
    return this.#heardAt;
  }

  get endedAt(): number | null {
    return this.#endedAt;
  }
}

export async function openEvents({ address, port, host }: SiteTarget): Promise<OpenStream> {
  const headers = { host, accept: 'text/event-stream' };
  const call = request({ host: address, port, path: '/events', headers, agent: false });
  return await new Promise((resolve, reject) => {
    call.on('error', reject);
    call.on('response', (response) => {
      if (response.statusCode === 200) resolve(new OpenStream(response));
      else reject(new Error(`The stream of events was answered with HTTP ${response.statusCode}`));
    });
    call.end();
  });
}

export async function openSocket({ address, port, host }: SiteTarget): Promise<OpenStream> {
  const key = randomBytes(16).toString('base64');
  const headers = {
    host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
  };
  const accept = createHash('sha1').update(`${key}${handshakeSuffix}`).digest('base64');
  const call = request({ host: address, port, path: '/socket', headers, agent: false });
  return await new Promise((resolve, reject) => {
    call.on('error', reject);
    call.on('response', ({ statusCode }) => {
      reject(new Error(`The WebSocket was answered with HTTP ${statusCode}`));
    });
    call.on('upgrade', (response, socket, head) => {
      if (response.headers['sec-websocket-accept'] !== accept) {
        reject(new Error('The WebSocket was opened with another key'));
        return;
      }
      socket.unshift(head);
      resolve(new OpenStream(socket));
    });
    call.end();
  });
}
