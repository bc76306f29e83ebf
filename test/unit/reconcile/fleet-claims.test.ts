import { expect, it } from 'vitest';

import { FleetClaims } from '../../../src/reconcile/fleet-claims.ts';
import { aWorld } from '../../support/builders.ts';

const { fleet } = aWorld([]).desired;
const [shop, infra] = [
  { ...fleet, name: 'shop' },
  { ...fleet, name: 'infra' },
];

it('a fleet is that of the source which had it first, until that has another', () => {
  const claims = new FleetClaims(['a', 'b']);
  const [a, b] = [claims.of('a'), claims.of('b')];

  expect(a.claim(shop)).toBeNull();
  expect(b.claim(infra)).toBeNull();
  expect(a.claim(shop)).toBeNull();
  expect(b.claim(shop)).toMatchObject({
    code: 'fleet-of-another-source',
    severity: 'error',
    message: expect.stringContaining('the fleet "shop" is that of the source "a"') as string,
  });
  expect(a.claim({ ...fleet, name: 'new' })).toBeNull();
  expect(b.claim(shop)).toBeNull();
  expect(a.claim(infra)).toBeNull();
});

it('all sources are waited for', async () => {
  const claims = new FleetClaims(['a', 'b']);
  const { allResumed } = claims.of('a');
  const soon = (): Promise<string> =>
    Promise.race([allResumed.then(() => 'over'), Promise.resolve('not yet')]);

  claims.of('a').resumed();
  claims.of('a').resumed();
  await expect(soon()).resolves.toBe('not yet');
  claims.of('b').resumed();
  await allResumed;
});
