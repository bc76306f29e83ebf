import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/** A site behind a proxy: fetch() lets nobody say which one is meant. */
export interface SiteTarget {
  readonly address: string;
  readonly port: number;
  readonly host: string;
}

/** Asks for the first page over a connection of its own, and gives the body of the answer, whatever its status. */
export async function askSite({ address, port, host }: SiteTarget): Promise<string> {
  return await new Promise((resolve, reject) => {
    const options = { host: address, port, path: '/', headers: { host }, agent: false };
    const call = request(options, (response) => {
      text(response).then(resolve, reject);
    });
    call.on('error', reject);
    call.end();
  });
}
