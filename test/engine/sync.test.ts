import { rm } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { AvailabilityWatch } from '../support/availability.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const gate = {
  http: { port: 8080, path: '/ready' },
  minHealthyTime: '200ms',
  healthyDeadline: '30s',
};

function web(image: string, more: object = {}): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas: 6, update_config: { parallelism: 2, monitor: '500ms' } },
        'x-fleetwright': { gate },
        ...more,
      },
      agent: { image: 'testapp:v1', deploy: { mode: 'global', update_config: { monitor: '0s' } } },
    },
  };
}

function single(image = 'testapp:v1'): object {
  return { services: { app: { image, deploy: { update_config: { monitor: '0s' } } } } };
}

describe('sync, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeEach(async () => {
    repository = await ConfigRepository.create('sync-test', hosts);
    commands = new Commands(repository, credentials);
  });
  afterEach(async () => {
    await clearHosts(hosts, 'sync-test');
    await repository[Symbol.asyncDispose]();
  });

  const containers = (): Promise<readonly ListedContainer[]> => listContainers(hosts, 'sync-test');

  it('follows commits from the first deploy over a rollout and a revert to a prune', async () => {
    await repository.write('apps/shop/compose.yaml', web('testapp:v1'));
    await repository.commit('first');

    const first = await commands.sync();

    expect(first.code, first.stderr).toBe(0);
    const deployed = await containers();
    expect(deployed.filter(({ service }) => service === 'web')).toHaveLength(6);
    expect(new Set(deployed.map(({ host }) => host)).size).toBe(3);
    expect(deployed.filter(({ service }) => service === 'agent')).toHaveLength(3);

    const again = await commands.sync();

    expect(again.code, again.stderr).toBe(0);
    expect(again.status.steps).toBe(0);

    await repository.write('apps/shop/compose.yaml', {
      'x-note': 'another order, and a key that means nothing',
      services: Object.fromEntries(
        Object.entries((web('testapp:v1') as { services: object }).services).toReversed(),
      ),
    });
    await repository.write('README.md', '# Not a manifest\n');
    await repository.commit('comments and order');
    const unchanged = await commands.sync();

    expect(unchanged.code, unchanged.stderr).toBe(0);
    expect(unchanged.status.steps).toBe(0);
    expect(await containers()).toEqual(deployed);

    await repository.write('apps/shop/compose.yaml', web('testapp:v2'));
    await repository.commit('v2');
    const plan = await commands.plan();
    const watch = new AvailabilityWatch(hosts, 'sync-test', 'web');
    const rolled = await commands.sync();
    await watch[Symbol.asyncDispose]();

    expect(rolled.code, rolled.stderr).toBe(0);
    expect(rolled.status.steps).toBe(plan.steps.length);
    expect(watch.samples).toBeGreaterThan(5);
    expect(watch.lowest).toBe(6);
    const updated = await containers();
    expect(idsOf(updated, 'agent')).toEqual(idsOf(deployed, 'agent'));
    const webImages = updated.filter(({ service }) => service === 'web').map(({ image }) => image);
    expect(webImages).toEqual(Array.from({ length: 6 }, () => 'testapp:v2'));

    await repository.git('revert', '--no-edit', 'HEAD');
    const reverted = await commands.sync();

    expect(reverted.code, reverted.stderr).toBe(0);
    expect(hashesOf(await containers())).toEqual(hashesOf(deployed));
  });

  it('prunes a deleted application, and holds the deletion of four of five until it is approved', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await repository.write(`${name}/compose.yaml`, single());
    }
    await repository.commit('six applications');
    expect((await commands.sync()).code).toBe(0);

    await repository.git('rm', '-r', '--quiet', 'f');
    await repository.commit('delete f');
    const pruned = await commands.sync();

    expect(pruned.code, pruned.stderr).toBe(0);
    expect((await containers()).map(({ application }) => application)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);

    await repository.git('rm', '-r', '--quiet', 'b', 'c', 'd', 'e');
    const commit = await repository.commit('delete four');
    const held = await commands.run('sync');

    expect(held.code).toBe(1);
    expect(held.stdout).toContain('4 of 5 applications');
    expect(held.stdout).toContain(`fleetwright sync --approve-prune ${commit.slice(0, 12)}`);
    expect(await containers()).toHaveLength(5);

    const approved = await commands.sync(`--approve-prune=${commit}`);

    expect(approved.code, approved.stderr).toBe(0);
    expect((await containers()).map(({ application }) => application)).toEqual(['a']);
  });

  it('rolls a failed revision back, says why, and does not try it again', async () => {
    await repository.write('shop/compose.yaml', web('testapp:v1'));
    await repository.commit('good');
    expect((await commands.sync()).code).toBe(0);
    const before = await containers();

    await repository.write('shop/compose.yaml', web('testapp:unhealthy'));
    await repository.commit('bad');
    const failed = await commands.run('sync');

    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('RolledBack');
    expect(failed.stdout).toContain('last log lines');
    expect(failed.stdout).toContain('testapp unhealthy answered 500');
    expect(failed.stdout).toContain('last health output');
    expect(failed.stdout).toMatch(/\| .*500/);
    expect(await containers()).toEqual(before);

    const again = await commands.sync();

    expect(again.code).toBe(1);
    expect(again.status.steps).toBe(0);
    expect(await containers()).toEqual(before);

    await repository.git('revert', '--no-edit', 'HEAD');
    const reverted = await commands.sync();

    expect(reverted.code, reverted.stderr).toBe(0);
    expect(reverted.status.steps).toBe(0);
  });

  it('delivers configs, volumes, networks and every other key so that no drift shows afterwards', async () => {
    await repository.write('shop/compose.yaml', {
      services: {
        web: {
          image: 'testapp:v1',
          environment: { GREETING: 'hello', EMPTY: '' },
          labels: { 'com.example.team': 'shop' },
          ports: ['127.0.0.1:18080:8080', '9000/udp'],
          expose: ['7000'],
          volumes: ['data:/data', '/tmp:/host-tmp:ro', { type: 'tmpfs', target: '/scratch' }],
          networks: { front: { aliases: ['www'] }, default: null },
          healthcheck: { test: ['CMD', 'testapp', 'check'], interval: '500ms', retries: 3 },
          stop_grace_period: '3s',
          stop_signal: 'SIGINT',
          user: '0',
          working_dir: '/tmp',
          hostname: 'shop',
          init: true,
          cap_add: ['NET_ADMIN'],
          cap_drop: ['MKNOD'],
          security_opt: ['no-new-privileges:true'],
          configs: [{ source: 'greeting', target: '/etc/greeting', mode: 0o440 }],
          deploy: {
            resources: { limits: { memory: '64M', cpus: '0.5', pids: 50 } },
            update_config: { monitor: '0s' },
          },
        },
      },
      networks: { front: null },
      volumes: { data: null },
      configs: { greeting: { content: 'good morning' } },
    });
    await repository.commit('all keys');

    const result = await commands.sync();

    expect(result.code, `${result.stderr}\n${result.stdout}`).toBe(0);
    const drift = await commands.drift();
    expect(drift.items).toEqual([]);
    // Without the journal no container is known, so every field of every container is compared.
    await rm(repository.beside('state'), { recursive: true });
    const relearnt = await commands.sync();
    expect(relearnt.code, relearnt.stderr).toBe(0);
    expect(relearnt.status.steps).toBe(0);
  });
});

function idsOf(list: readonly ListedContainer[], name: string): readonly string[] {
  return list.filter(({ service }) => service === name).map(({ id }) => id);
}

function hashesOf(list: readonly ListedContainer[]): ReadonlySet<string> {
  return new Set(list.map(({ service, hash }) => `${service} ${hash}`));
}
