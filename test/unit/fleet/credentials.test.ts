import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  readCredentials,
  readTlsCredentials,
  watchCredentials,
} from '../../../src/fleet/credentials.ts';
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

it('readTlsCredentials() reads the three files of a host', async () => {
  const { ca, cert, key } = await readTlsCredentials(dir, host);

  expect([ca, cert, key].map(String)).toEqual([pem, pem, pem]);
});

it.each(['ca.pem', 'cert.pem', 'key.pem'])(
  'readTlsCredentials() names a missing %s',
  async (file) => {
    await rm(join(dir, host, file));

    await expect(readTlsCredentials(dir, host)).rejects.toThrow(`host-1/${file} is missing`);
  },
);

it('readTlsCredentials() refuses a file that is no PEM, without a word of its content', async () => {
  await writeFile(join(dir, host, 'key.pem'), 'hunter2');

  await expect(readTlsCredentials(dir, host)).rejects.toThrow(
    /^host-1\/key\.pem is not a PEM file$/,
  );
});

it('readTlsCredentials() asks for a folder when none is configured', async () => {
  await expect(readTlsCredentials(null, host)).rejects.toThrow('no folder of credentials');
});

async function rotate(): Promise<void> {
  await writeFile(join(dir, host, 'cert.pem'), `${pem}new`);
  await writeFile(join(dir, host, 'key.pem'), `${pem}new`);
}

it('watchCredentials() tells once which host was changed', async () => {
  const told: (string | null)[] = [];
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

it('watchCredentials() tells of all hosts when what they share was changed', async () => {
  const changed = new Promise<string | null>((resolve) => {
    const watcher = watchCredentials(dir, systemClock, (name) => {
      resolve(watcher.close().then(() => name));
    });
    setTimeout(() => void writeFile(join(dir, 'known_hosts'), 'new'), 300);
  });

  expect(await changed).toBeNull();
});

function put(file: string, text: string): Promise<void> {
  return writeFile(join(dir, file), text, { mode: 0o600 });
}

describe('readCredentials() for ssh', () => {
  const endpoint = { kind: 'ssh', user: 'root', host: 'a', port: 22, path: '/d.sock' } as const;
  const read = (from: string | null = dir): ReturnType<typeof readCredentials> =>
    readCredentials(from, { name: host, endpoint });
  it('takes the first key that there is, and the passphrase', async () => {
    await put('host-1/id_rsa', 'rsa');
    await put('host-1/id_ecdsa', 'ecdsa');
    await put('host-1/passphrase', 'open sesame\n');

    const identity = { key: Buffer.from('ecdsa'), passphrase: 'open sesame' };
    expect(await read()).toMatchObject({ material: { identity } });
  });

  it.each([
    { files: ['known_hosts'], from: 'known_hosts' },
    { files: ['host-1/known_hosts', 'known_hosts'], from: 'host-1/known_hosts' },
  ])('knows hosts from $from when there is $files', async ({ files, from }) => {
    await put('host-1/id_ed25519', 'key');
    for (const file of files) await put(file, file);

    expect(await read()).toMatchObject({
      files: { knownHostsFile: join(dir, from) },
      material: { knownHosts: Buffer.from(from) },
    });
  });

  it('knows nobody without a known_hosts', async () => {
    await put('host-1/id_ed25519', 'key');

    expect(await read()).toMatchObject({
      files: { knownHostsFile: join(dir, 'host-1/known_hosts') },
      material: { knownHosts: Buffer.alloc(0) },
    });
  });

  it('asks for a folder, for a key, and for a file that not everybody may write', async () => {
    await expect(read(null)).rejects.toThrow('no folder of credentials is configured');
    await expect(read()).rejects.toThrow('there is no host-1/id_ed25519, id_ecdsa, id_rsa');
    await put('host-1/id_ed25519', 'hunter2');
    await chmod(join(dir, 'host-1/id_ed25519'), 0o606);
    await expect(read()).rejects.toThrow('everybody on this machine may write it');
  });
});
