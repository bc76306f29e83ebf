import { expect, it } from 'vitest';

import { FleetClaims } from '../../../src/reconcile/fleet-claims.ts';
import { aWorld } from '../../support/builders.ts';

it('a fleet is that of the source which had it first', () => {
  const claims = new FleetClaims();
  const { fleet } = aWorld([]).desired;
  const [shop, infra] = [
    { ...fleet, name: 'shop' },
    { ...fleet, name: 'infra' },
  ];

  expect(claims.claim(shop, 'a')).toBeNull();
  expect(claims.claim(infra, 'b')).toBeNull();
  expect(claims.claim(shop, 'a')).toBeNull();
  expect(claims.claim(shop, 'b')).toMatchObject({
    code: 'fleet-of-another-source',
    severity: 'error',
    message: expect.stringContaining('the fleet "shop" is that of the source "a"') as string,
  });
});
