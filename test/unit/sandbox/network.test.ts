import { expect, it } from 'vitest';

import { hardwareAddress } from '../../../src/sandbox/network.ts';

it('a host has the same hardware address after every boot, and one of its own', () => {
  expect(hardwareAddress('10.77.3.11')).toBe('02:00:0a:4d:03:0b');
  expect(hardwareAddress('10.77.3.12')).not.toBe(hardwareAddress('10.77.3.11'));
});
