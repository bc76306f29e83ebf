import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { postJson } from '../../../src/notify/post-json.ts';
import { HttpRoute } from '../../../src/source/http-route.ts';
import { makeAuthority, makeCertificate, type Certificate } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { scratchFolder, type ScratchFolder } from '../../support/git-repository.ts';
import { startProxyServer } from '../../support/proxy-server.ts';
import { startRecorder } from '../../support/recorder.ts';

let scratch: ScratchFolder;
let authority: Certificate;
let certificate: Certificate;

beforeAll(async () => {
  scratch = await scratchFolder();
  authority = await makeAuthority(scratch.path, 'authority');
  certificate = await makeCertificate(scratch.path, 'receiver', authority, ['IP:127.0.0.1']);
});
afterAll(() => scratch[Symbol.asyncDispose]());

interface Way {
  readonly caFile?: string;
  readonly proxy?: string;
}

async function post(to: string, { caFile, proxy }: Way = {}): Promise<string> {
  const through = proxy === undefined ? undefined : { url: proxy };
  const route = new HttpRoute({ caFile, proxy: through, tunnelTimeoutMs: 300 });
  const url = new URL('/hook?planted', to);
  const signal = AbortSignal.timeout(5_000);
  try {
    await postJson({ url, headers: { 'x-y': 'z' }, body: '{"é":1}', route, signal });
    return 'taken';
  } catch (error) {
    return String(error);
  } finally {
    route.close();
  }
}

describe('postJson()', () => {
  it.each(['http', 'https'])(
    'reaches a receiver over %s, straight and through a proxy',
    async (how) => {
      await using receiver = await startRecorder(0, how === 'https' ? certificate : undefined);
      await using proxy = await startProxyServer();
      const caFile = authority.cert;

      expect(await post(receiver.url, { caFile })).toBe('taken');
      expect(await post(receiver.url, { caFile, proxy: proxy.url })).toBe('taken');

      const request = { path: '/hook?planted', headers: { 'x-y': 'z' }, body: '{"é":1}' };
      expect(receiver.requests).toMatchObject([request, request]);
      expect(proxy.asked).toHaveLength(1);
    },
  );

  it('tells who is in the way, and not where it was to go', async () => {
    await using receiver = await startRecorder(0, certificate);
    await using proxy = await startProxyServer();
    const way = { caFile: authority.cert, proxy: proxy.url };
    const { host } = new URL(receiver.url);

    const strange = await post(receiver.url);
    proxy.mood = 'silent';
    const silent = await post(receiver.url, way);
    proxy.mood = 'refusing';
    const refusing = await post(receiver.url, way);
    const unreadable = await post(receiver.url, { caFile: join(scratch.path, 'none.pem') });

    expect(strange).toMatch(/nobody who is trusted vouches for its certificate/);
    expect(silent).toBe(
      `DeliveryError: Cannot reach ${host}: the proxy ${new URL(proxy.url).host} cannot be used: no answer for 0.3 s`,
    );
    expect(refusing).toMatch(/: the proxy 127.0.0.1:\d+ answers HTTP 403$/);
    expect(unreadable).toMatch(/^DeliveryError: Cannot read the file of authorities/);
    expect([strange, silent, refusing, unreadable].join('')).not.toContain('planted');
    expect(receiver.requests).toEqual([]);
  });

  it('does not repeat all of the place that a redirect names', async () => {
    await using receiver = await startRecorder();
    const location = `http://${'x'.repeat(5_000)}.example/planted`;
    receiver.mood = { status: 302, headers: { location } };

    const refused = await post(receiver.url);

    expect(refused).toMatch(/redirects to http:\/\/x{193}…, which is not followed/);
    expect(refused).not.toContain('planted');
  });

  it('does not wait for an answer without an end, and cuts it off', async () => {
    await using receiver = await startRecorder();
    receiver.mood = 'endless';
    const route = new HttpRoute({ tunnelTimeoutMs: 1_000 });
    const { signal } = new AbortController();

    await postJson({ url: new URL(receiver.url), headers: {}, body: '{}', route, signal });

    expect(receiver.connections()).toBe(1);
    await eventually('the cut', async () => receiver.connections() === 0 || null, 20_000, 20);
    route.close();
  });
});
