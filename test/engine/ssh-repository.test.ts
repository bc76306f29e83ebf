import { mkdir, readFile, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Daemon } from '../support/command-line.ts';
import { fleetwright, startDaemon } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';
import type { SshServer } from '../support/ssh-server.ts';
import { startSshServer } from '../support/ssh-server.ts';

function manifest(image: string): object {
  return { services: { web: { image, deploy: { update_config: { monitor: '0s' } } } } };
}

describe('a repository behind an SSH server', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let server: SshServer;
  let options: readonly string[];

  beforeAll(async () => {
    repository = await ConfigRepository.create('ssh-test', hosts);
    await repository.write('shop/compose.yaml', manifest('testapp:v1'));
    await repository.commit('v1');
    await repository.git('clone', '--quiet', '--bare', '.', repository.beside('served.git'));
    await mkdir(repository.beside('ssh'));
    server = await startSshServer(repository.beside('ssh'));
    options = [
      `--repository=${server.url(repository.beside('served.git'))}`,
      `--state=${repository.beside('state')}`,
      `--credentials=${credentials}`,
      '--poll-interval=500ms',
      `--ssh-key-file=${server.keyFile}`,
    ];
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await clearHosts(hosts, 'ssh-test');
    await repository[Symbol.asyncDispose]();
  });

  const image = async (): Promise<string | undefined> =>
    (await listContainers(hosts, 'ssh-test')).find(({ state }) => state === 'running')?.image;

  it('is not followed as long as nobody says whom to trust, exit 2, nor when it is a stranger, exit 3', async () => {
    const unsaid = await fleetwright('sync', ...options);
    expect([unsaid.code, unsaid.stderr]).toEqual([2, expect.stringContaining('knownHostsFile')]);

    await writeFile(repository.beside('nobody'), '# nobody\n');
    const known = `--known-hosts-file=${repository.beside('nobody')}`;
    const stranger = await fleetwright('sync', ...options, known);
    expect([stranger.code, stranger.stderr]).toEqual([3, expect.stringContaining('SHA256:')]);
  });

  it('is followed over one connection, through a server that is away for a while, and pushed to', async () => {
    const known = `--known-hosts-file=${server.knownHostsFile}`;
    const first = await fleetwright('sync', ...options, known, '--verbose');
    expect(first.code, first.stderr).toBe(0);
    const before = server.connections;
    await using daemon: Daemon = startDaemon([...options, known]);
    await repository.write('shop/compose.yaml', manifest('testapp:v2'));
    await repository.commit('v2');
    await repository.git('push', '--quiet', repository.beside('served.git'), 'main');
    await eventually('v2', async () => ((await image()) === 'testapp:v2' ? true : null));
    expect(server.connections - before).toBe(1);

    await server.stop();
    await eventually('the trouble in the log', async () =>
      daemon.log().includes('cannot be followed now') ? true : null,
    );
    await server.start();
    const back = await fleetwright('rollback', 'shop', ...options, known, '--author=Ada <a@b.c>');
    expect(back.code, back.stderr).toBe(0);
    await eventually('v1', async () => ((await image()) === 'testapp:v1' ? true : null));
    await daemon.end('SIGTERM');

    const key = (await readFile(server.keyFile, 'utf8')).split('\n').slice(1, -2);
    const said = `${first.stdout}${first.stderr}${daemon.log()}${back.stdout}${back.stderr}`;
    expect(key.filter((line) => said.includes(line))).toEqual([]);
  });
});
