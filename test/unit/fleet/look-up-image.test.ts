import type { RequestListener } from 'node:http';

import { afterEach, describe, expect, it } from 'vitest';

import { lookUpImage } from '../../../src/fleet/look-up-image.ts';
import type { LookupOutcome } from '../../../src/model/lookup.ts';
import { toHostName } from '../../../src/model/names.ts';
import { clientOf, closeServers } from '../../support/engine-server.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const image = 'registry:5000/shop/web:latest';

async function ask(status: number, body: object, reference = image): Promise<LookupOutcome> {
  const paths: (string | undefined)[] = [];
  const listener: RequestListener = (request, response) => {
    paths.push(request.url);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const { client } = await clientOf(listener);
  const signal = new AbortController().signal;
  const outcome = await lookUpImage(
    client,
    toHostName('host-1'),
    reference,
    { kind: 'none' },
    signal,
  );
  if (reference === image) expect(paths).toEqual([`/distribution/${image}/json`]);
  return outcome;
}

afterEach(closeServers);

describe('lookUpImage()', () => {
  it('gives the digest that the registry says', async () => {
    expect(await ask(200, { Descriptor: { digest } })).toEqual({ kind: 'resolved', digest });
  });

  it.each([
    [500, 'Get "https://registry:5000/v2/": dial tcp: connection refused', 'RegistryUnavailable'],
    [500, 'unauthorized: authentication required', 'ImageUnauthorized'],
    [404, 'manifest unknown: manifest unknown', 'ImageNotFound'],
    [403, 'something that nobody has seen before', 'RegistryUnavailable'],
  ])('judges a refusal with %i "%s"', async (status, message, reason) => {
    expect(await ask(status, { message })).toMatchObject({
      kind: 'failed',
      failure: {
        reason,
        message: expect.stringContaining(`Cannot look up image "${image}" through host "host-1"`),
      },
    });
  });

  it('sends the login for the registry, and says when there is none that can be sent', async () => {
    const headers: unknown[] = [];
    const { client } = await clientOf((request, response) => {
      headers.push(request.headers['x-registry-auth']);
      response.end(JSON.stringify({ Descriptor: { digest } }));
    });
    const signal = new AbortController().signal;
    const name = toHostName('host-1');
    const login = { kind: 'found', entry: 'registry:5000', header: 'e30=' } as const;

    await lookUpImage(client, name, image, login, signal);
    const unusable = { kind: 'unusable', reason: 'it is broken' } as const;
    const outcome = await lookUpImage(client, name, image, unusable, signal);

    expect(headers).toEqual(['e30=']);
    const message = `Cannot look up image "${image}" through host "host-1": it is broken`;
    expect(outcome).toEqual({
      kind: 'failed',
      failure: { class: 'infrastructure', reason: 'LoginUnusable', message },
    });
  });

  it.each([{}, { Descriptor: {} }, { Descriptor: { digest: 'latest' } }])(
    'takes %j for no answer',
    async (body) => {
      expect(await ask(200, body)).toMatchObject({
        kind: 'failed',
        failure: { class: 'infrastructure', message: expect.stringContaining('gives no digest') },
      });
    },
  );

  it('sends no name that would change the path', async () => {
    expect(await ask(200, {}, 'registry/../../containers/json?')).toMatchObject({ kind: 'failed' });
  });
});
