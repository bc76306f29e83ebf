import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseSshAddress } from '../../../src/source/ssh-address.ts';
import { SshConnection } from '../../../src/source/ssh-connection.ts';
import type { ScratchFolder } from '../../support/git-repository.ts';
import { scratchFolder } from '../../support/git-repository.ts';
import { reasonOf } from '../../support/open-test-source.ts';
import type { SshServer } from '../../support/ssh-server.ts';
import { makeKey, publicKey, startSshServer } from '../../support/ssh-server.ts';

let scratch: ScratchFolder;
let server: SshServer;

/** The server may have to be installed first. */
const setUpMs = 120_000;

beforeAll(async () => {
  scratch = await scratchFolder();
  const folder = join(scratch.path, 'ssh');
  await mkdir(folder);
  server = await startSshServer(folder);
}, setUpMs);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

function connection(keyFile: string): SshConnection {
  const address = parseSshAddress(server.url(scratch.path));
  const { knownHostsFile } = server;
  return new SshConnection({ server: address, keyFile, knownHostsFile, readyTimeoutMs: 15_000 });
}

describe('SshConnection', () => {
  it('is made anew once for all who ask when a file was replaced', async () => {
    const keyFile = await makeKey(join(scratch.path, 'both'), 'ed25519');
    await server.authorize(`${await publicKey(keyFile)}\n`);
    const kept = connection(keyFile);
    await kept.exec('true', {});
    const before = server.connections;
    await copyFile(server.keyFile, keyFile);

    const channels = await Promise.all([kept.exec('true', {}), kept.exec('true', {})]);

    expect(channels).toHaveLength(2);
    expect(server.connections - before).toBe(1);
    kept.close();
  });

  it('is never made again once it is closed', async () => {
    const kept = connection(server.keyFile);
    await kept.exec('true', {});
    const before = server.connections;
    const asking = kept.exec('true', {});
    kept.close();

    expect(await reasonOf(asking)).toBe('GitUnreachable');
    expect(await reasonOf(kept.exec('true', {}))).toBe('GitUnreachable');
    expect(server.connections).toBe(before);
  });
});
