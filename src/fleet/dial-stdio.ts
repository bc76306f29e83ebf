import type { Client, ClientChannel } from 'ssh2';

import { printable } from '../model/printable.ts';

const ping = 'HEAD /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n';
const maxWords = 300;
const noCommand = 127;

/** A channel to the engine through the program that is there for it: Docker's own, on the host. */
export function dialStdio(client: Client, path: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(`docker -H unix://${path} system dial-stdio`, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
}

/**
 * Asks the engine for a sign of life through it: a program that fails says why on stderr, which nobody would read once the
 * channel is in use. Gives what is wrong, as in `says …`, or null.
 */
export async function tryDialStdio(client: Client, path: string): Promise<string | null> {
  let channel: ClientChannel;
  try {
    channel = await dialStdio(client, path);
  } catch {
    return 'cannot be started';
  }
  return new Promise((resolve) => {
    let answer = '';
    let words = '';
    let code: number | null = null;
    channel.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    channel.stderr.on('data', (chunk: Buffer) => (words += chunk.toString('utf8')));
    channel.on('exit', (status: number | null) => (code = status));
    channel.on('close', () => {
      if (answer.startsWith('HTTP/1.1 200')) return resolve(null);
      if (code === noCommand) return resolve('is not there, for lack of a docker command');
      const said = printable(words, maxWords);
      resolve(said === '' ? 'ends without a word' : `says ${JSON.stringify(said)}`);
    });
    channel.write(ping);
  });
}
