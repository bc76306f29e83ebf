import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { readCredentials, watchCredentials } from '../../../src/fleet/credentials.ts';
import { toHostName } from '../../../src/model/names.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';

const host = toHostName('host-1');
const pem = '-----BEGIN CERTIFICATE-----\n';
let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fleetwright-'));
  await mkdir(join(dir, host));
  for (const file of ['ca.pem', 'cert.pem', 'key.pem']) await writeFile(join(dir, host, file), pem);
});

afterEach(() => rm(dir, { recursive: true }));

it('readCredentials() reads the three files of a host', async () => {
  const { ca, cert, key } = await readCredentials(dir, host);

  expect([ca, cert, key].map(String)).toEqual([pem, pem, pem]);
});

it.each(['ca.pem', 'cert.pem', 'key.pem'])('readCredentials() names a missing %s', async (file) => {
  await rm(join(dir, host, file));

  await expect(readCredentials(dir, host)).rejects.toThrow(`host-1/${file} is missing`);
});

it('readCredentials() refuses a file that is no PEM, without a word of its content', async () => {
  await writeFile(join(dir, host, 'key.pem'), 'hunter2');

  await expect(readCredentials(dir, host)).rejects.toThrow(/^host-1\/key\.pem is not a PEM file$/);
});

it('readCredentials() asks for a folder when none is configured', async () => {
  await expect(readCredentials(null, host)).rejects.toThrow('no folder of credentials');
});

async function rotate(): Promise<void> {
  await writeFile(join(dir, host, 'cert.pem'), `${pem}new`);
  await writeFile(join(dir, host, 'key.pem'), `${pem}new`);
}

it('watchCredentials() tells once which host was changed', async () => {
  const told: string[] = [];
  const changed = new Promise<void>((resolve) => {
    const watcher = watchCredentials(dir, systemClock, (name) => {
      told.push(name);
      resolve(watcher.close());
    });
    setTimeout(() => void rotate(), 300);
  });
  await changed;

  expect(told).toEqual(['host-1']);
});
