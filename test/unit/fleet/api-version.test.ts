import { expect, it } from 'vitest';

import { negotiateApiVersion } from '../../../src/fleet/api-version.ts';
import { apiAtLeast } from '../../../src/model/api-at-least.ts';

it.each([
  { name: 'the oldest engine', offer: ['1.41', '1.12'], apiVersion: '1.41' },
  { name: 'an engine newer than this code', offer: ['1.53', '1.44'], apiVersion: '1.51' },
  { name: 'an engine as new as this code', offer: ['1.51', '1.24'], apiVersion: '1.51' },
])('negotiateApiVersion() agrees with $name on $apiVersion', ({ offer, apiVersion }) => {
  const [newest = '', oldest = ''] = offer;

  const negotiation = negotiateApiVersion({ ApiVersion: newest, MinAPIVersion: oldest });

  expect(negotiation).toEqual({ kind: 'agreed', apiVersion });
});

it.each([
  { name: 'an old engine', offer: ['1.40', '1.12'], reason: /1\.41 is needed: update it/ },
  { name: 'a future engine', offer: ['1.99', '1.60'], reason: /1\.51 at most: update Fleetwright/ },
  { name: 'a stranger', offer: ['', ''], reason: /not a Docker Engine/ },
])('negotiateApiVersion() refuses $name and says why', ({ offer, reason }) => {
  const [newest = '', oldest = ''] = offer;

  const negotiation = negotiateApiVersion({ ApiVersion: newest, MinAPIVersion: oldest });

  expect(negotiation).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) });
});

it('negotiateApiVersion() refuses Podman, which offers a version of Docker', () => {
  const Components = [{ Name: 'Podman Engine', Version: '4.3.1' }, { Name: 'Conmon' }];

  const negotiation = negotiateApiVersion({
    ApiVersion: '1.41',
    MinAPIVersion: '1.24',
    Components,
  });

  const reason = expect.stringMatching(/^Podman 4\.3\.1 answers there: .+ use Docker 20\.10/);
  expect(negotiation).toEqual({ kind: 'refused', reason });
});

it('apiAtLeast() compares numbers, not text', () => {
  expect(apiAtLeast('1.100', '1.41')).toBe(true);
  expect(apiAtLeast('1.9', '1.41')).toBe(false);
  expect(apiAtLeast('2.0', '1.41')).toBe(true);
});
