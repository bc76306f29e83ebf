import { writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Daemon } from '../support/command-line.ts';
import { fleetwright, startDaemon } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import type { GitServer } from '../support/git-server.ts';
import { startGitServer } from '../support/git-server.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const token = 'planted-token-7f3a';

function manifest(image: string): object {
  return { services: { web: { image, deploy: { update_config: { monitor: '0s' } } } } };
}

describe('a repository behind a Git server', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let server: GitServer;
  let options: readonly string[];

  beforeAll(async () => {
    repository = await ConfigRepository.create('http-test', hosts);
    await repository.write('shop/compose.yaml', manifest('testapp:v1'));
    await repository.commit('v1');
    await repository.git('clone', '--quiet', '--bare', '.', repository.beside('served.git'));
    server = await startGitServer(repository.beside('.'));
    server.token = token;
    await writeFile(repository.beside('token'), `${token}\n`, { mode: 0o600 });
    options = [
      `--repository=${server.url}/served.git`,
      `--state=${repository.beside('state')}`,
      `--credentials=${credentials}`,
      '--poll-interval=200ms',
    ];
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await clearHosts(hosts, 'http-test');
    await repository[Symbol.asyncDispose]();
  });

  const image = async (): Promise<string | undefined> =>
    (await listContainers(hosts, 'http-test')).find(({ state }) => state === 'running')?.image;

  it('is refused without the token, exit 3', async () => {
    const result = await fleetwright('sync', ...options);

    expect(result.code).toBe(3);
    expect(result.stderr).toContain('127.0.0.1');
  });

  it('is followed with the token from a file, which is never printed', async () => {
    const first = await fleetwright(
      'sync',
      ...options,
      `--token-file=${repository.beside('token')}`,
      '--verbose',
    );
    expect(first.code, first.stderr).toBe(0);
    await using daemon: Daemon = startDaemon([
      ...options,
      `--token-file=${repository.beside('token')}`,
    ]);
    await repository.write('shop/compose.yaml', manifest('testapp:v2'));
    await repository.commit('v2');
    await repository.git('push', '--quiet', repository.beside('served.git'), 'main');

    await eventually('v2', async () => ((await image()) === 'testapp:v2' ? true : null));
    server.faults = { refs: { kind: 'status', status: 503 } };
    await eventually('the trouble in the log', async () =>
      daemon.log().includes('cannot be followed now') ? true : null,
    );
    await daemon.end('SIGTERM');

    expect(`${first.stdout}${first.stderr}${daemon.log()}`).not.toContain(token);
    expect(daemon.log()).not.toContain(Buffer.from(`x-access-token:${token}`).toString('base64'));
  });
});
