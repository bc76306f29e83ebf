import { expect, it } from 'vitest';

import { FleetClaims } from '../../../src/reconcile/fleet-claims.ts';
import { aWorld } from '../../support/builders.ts';

const { fleet } = aWorld([]).desired;
const [shop, infra] = [
  { ...fleet, name: 'shop' },
  { ...fleet, name: 'infra' },
];

function never(): void {
  expect.fail('nobody waits');
}

it('a fleet is that of the source which had it first, until that has another', () => {
  const claims = new FleetClaims(['a', 'b']);
  const [a, b] = [claims.of('a'), claims.of('b')];

  expect(a.claim(shop, never)).toBeNull();
  expect(b.claim(infra, never)).toBeNull();
  expect(a.claim(shop, never)).toBeNull();
  expect(b.claim(shop, () => {})).toMatchObject({
    code: 'fleet-of-another-source',
    severity: 'error',
    message: expect.stringContaining('the fleet "shop" is that of the source "a"') as string,
  });
  expect(a.claim({ ...fleet, name: 'new' }, never)).toBeNull();
  expect(b.claim(shop, never)).toBeNull();
  expect(a.claim(infra, never)).toBeNull();
});

it('whoever asked for a fleet last is told when it is given up, once', () => {
  const claims = new FleetClaims(['a', 'b', 'c']);
  const [a, b, c] = [claims.of('a'), claims.of('b'), claims.of('c')];
  const told: string[] = [];
  const tell = (source: string) => (): void => void told.push(source);
  a.claim(shop, tell('a'));
  b.claim(shop, tell('b'));
  b.claim(shop, tell('b'));
  c.claim(shop, tell('c'));
  c.claim({ ...fleet, name: 'of c' }, tell('c'));
  a.claim(shop, tell('a'));
  expect(told).toEqual([]);

  a.claim(infra, tell('a'));
  expect(told).toEqual(['b']);
  expect(b.claim(shop, tell('b'))).toBeNull();
  b.claim({ ...fleet, name: 'of b' }, tell('b'));
  expect(told).toEqual(['b']);
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
