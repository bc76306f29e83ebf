import { readFile, writeFile } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Rollback } from '../../src/generated/rollback.ts';
import type { Status } from '../../src/generated/status.ts';
import { fleetwright, startDaemon } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { runGit } from '../support/git-repository.ts';
import type { GitServer } from '../support/git-server.ts';
import { startGitServer } from '../support/git-server.ts';
import { notedSuccess } from '../support/noted-success.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const token = 'planted-token-51d0';
const fleet = 'write-back-test';

function manifest(image: string): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas: 2, update_config: { monitor: '200ms' } },
        'x-fleetwright': {
          gate: {
            http: { port: 8080, path: '/ready' },
            minHealthyTime: '200ms',
            healthyDeadline: '10s',
          },
        },
      },
    },
  };
}

describe('a repository that is told of rollbacks', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let server: GitServer;
  let bare: string;
  let options: readonly string[];

  beforeEach(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    const described = await readFile(`${repository.dir}/fleet.yaml`, 'utf8');
    await repository.write('fleet.yaml', `${described}rollback: { writeBack: commit }\n`);
    bare = repository.beside('served.git');
    await runGit(repository.dir, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
    await runGit(bare, ['config', 'http.receivepack', 'true']);
    server = await startGitServer(repository.beside('.'));
    server.token = token;
    await writeFile(repository.beside('token'), `${token}\n`, { mode: 0o600 });
    options = [
      `--repository=${server.url}/served.git`,
      `--token-file=${repository.beside('token')}`,
      `--state=${repository.beside('state')}`,
      `--credentials=${credentials}`,
      '--poll-interval=300ms',
    ];
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  async function push(image: string): Promise<string> {
    await repository.write('shop/compose.yaml', manifest(image));
    const commit = await repository.commit(image);
    await repository.git('push', '--quiet', bare, 'main');
    return commit;
  }

  /** Waits until a commit is in force and `shop` is Ready with it. */
  function readyAt(commit: string): Promise<Status> {
    return eventually(`shop to be Ready at ${commit}`, async () => {
      const { stdout } = await fleetwright('status', ...options, '--output=json');
      if (stdout === '') return null;
      const status = JSON.parse(stdout) as Status;
      const [shop] = status.applications;
      const isReady = shop?.conditions.some((each) => each.type === 'Ready' && each.status);
      return status.revision.commit === commit && isReady === true ? status : null;
    });
  }

  const head = (): Promise<string> => runGit(bare, ['rev-parse', 'main']);

  const images = async (): Promise<readonly string[]> =>
    (await listContainers(hosts, fleet))
      .filter(({ state }) => state === 'running')
      .map(({ image }) => image);

  it('gets one commit that takes the failed version back, and the fleet is Ready at it', async () => {
    const good = await push('testapp:v1');
    await using daemon = startDaemon(options);
    await readyAt(good);
    await notedSuccess(daemon, good);
    const before = await listContainers(hosts, fleet);

    const bad = await push('testapp:unhealthy');
    const revert = await eventually('a commit after the bad one', async () => {
      const now = await head();
      return now === bad ? null : now;
    });
    const status = await readyAt(revert);

    expect(status.applications[0]?.target).toBe('desired');
    expect(await listContainers(hosts, fleet)).toEqual(before);
    expect(await runGit(bare, ['rev-parse', 'main^'])).toBe(bad);
    expect(await runGit(bare, ['diff', good, 'main'])).toBe('');
    const message = await runGit(bare, ['log', '-1', '--format=%B', 'main']);
    expect(message).toContain(`Revert shop to ${good.slice(0, 10)}`);
    expect(message).toContain(`web failed in ${bad.slice(0, 10)}`);
    expect(message).toContain(`Fleetwright-Rollback: shop\nFleetwright-Reverts: ${bad}`);
    expect(await runGit(bare, ['fsck', '--strict'])).toBe('');

    await daemon.end('SIGTERM');
    expect(await head()).toBe(revert);
    expect(daemon.log()).toContain('rollback committed');
    expect(daemon.log()).not.toContain(token);
  });

  it('gets the commit of "fleetwright rollback" too, which the daemon follows', async () => {
    const first = await push('testapp:v1');
    await using daemon = startDaemon(options);
    await readyAt(first);
    await notedSuccess(daemon, first);
    const second = await push('testapp:v2');
    await readyAt(second);

    const dry = await fleetwright('rollback', 'shop', ...options, '--dry-run');
    expect(dry.code, dry.stderr).toBe(0);
    expect(dry.stdout).toContain(`shop would go back to ${first.slice(0, 12)} "testapp:v1"`);
    expect(await head()).toBe(second);

    const done = await fleetwright('rollback', 'shop', ...options, '--output=json');
    expect(done.code, `${done.stderr}${daemon.log()}`).toBe(0);
    const document = JSON.parse(done.stdout) as Rollback;
    expect(document).toMatchObject({ application: 'shop', from: second, to: first, pushed: true });
    expect(document.commit).toBe(await head());
    expect(document.files).toEqual(['shop/compose.yaml']);

    await readyAt(await head());
    expect(new Set(await images())).toEqual(new Set(['testapp:v1']));
  });
});

describe('fleetwright rollback on a bare repository of this machine', () => {
  it('commits, explains itself, and refuses what cannot be', async () => {
    await using repository = await ConfigRepository.create(fleet, sharedSandbox().hosts);
    const bare = repository.beside('bare.git');
    await runGit(repository.dir, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
    for (const image of ['testapp:v1', 'testapp:v2']) {
      await repository.write('shop/compose.yaml', manifest(image));
      await repository.commit(image);
    }
    await repository.git('push', '--quiet', bare, 'main');
    const options = [`--repository=${bare}`, `--state=${repository.beside('state')}`];

    const done = await fleetwright('rollback', 'shop', ...options, '--message=Orders fail');

    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toContain(`pushed it to main of ${bare}`);
    expect(await runGit(bare, ['show', 'main:shop/compose.yaml'])).toContain('testapp:v1');
    expect(await runGit(bare, ['log', '-1', '--format=%B', 'main'])).toContain('Orders fail');

    const unknown = await fleetwright('rollback', 'shops', ...options);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('Did you mean "shop"?');
    const without = await fleetwright('rollback', ...options);
    expect(without.code).toBe(2);
  });
});
