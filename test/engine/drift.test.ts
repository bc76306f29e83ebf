import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { DriftReport } from '../../src/generated/drift.ts';
import type { Daemon } from '../support/command-line.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { isNoted } from '../support/is-noted.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const manifest = `services:
  web:
    image: testapp:v1
    deploy:
      replicas: 6
      resources:
        limits:
          memory: 64M
      update_config:
        monitor: 0s
    networks:
      front:
        aliases: [www]
networks:
  front:
`;

/** What a person does to the container of one slot, and what the report must say of it. */
interface Change {
  readonly slot: string;
  readonly what: string;
  readonly act: (container: Docker.Container, engine: Docker) => Promise<unknown>;
  readonly class: string;
  readonly path: string;
  readonly desired: unknown;
  readonly observed: unknown;
  /** Line and column of the desired value in the manifest. */
  readonly at: readonly [number, number];
}

const changes: readonly Change[] = [
  {
    slot: '1',
    what: 'docker rm --force',
    act: (container) => container.remove({ force: true }),
    class: 'missing',
    path: '',
    desired: 'testapp:v1',
    observed: null,
    at: [2, 3],
  },
  {
    slot: '2',
    what: 'docker stop',
    act: (container) => container.stop(),
    class: 'stopped',
    path: 'state',
    desired: 'running',
    observed: 'exited',
    at: [2, 3],
  },
  {
    slot: '3',
    what: 'docker pause',
    act: (container) => container.pause(),
    class: 'paused',
    path: 'state',
    desired: 'running',
    observed: 'paused',
    at: [2, 3],
  },
  {
    slot: '4',
    what: 'docker update --memory',
    act: (container) => container.update({ Memory: 128 * 2 ** 20, MemorySwap: 256 * 2 ** 20 }),
    class: 'mutable-field',
    path: 'deploy.resources.limits.memory',
    desired: 64 * 2 ** 20,
    observed: 128 * 2 ** 20,
    at: [8, 19],
  },
  {
    slot: '5',
    what: 'docker rename',
    act: (container) => container.rename({ name: 'renamed-by-hand' }),
    class: 'renamed',
    path: 'container_name',
    desired: expect.stringMatching(/^shop-web-5-/),
    observed: 'renamed-by-hand',
    at: [2, 3],
  },
  {
    slot: '6',
    what: 'docker network disconnect',
    act: (container, engine) =>
      engine.getNetwork('shop_front').disconnect({ Container: container.id, Force: false }),
    class: 'network',
    path: 'networks.front',
    desired: ['web', 'www'],
    observed: null,
    at: [12, 7],
  },
];

describe('run, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon;
  let commit: string;

  const containers = (): Promise<readonly ListedContainer[]> => listContainers(hosts, 'drift-test');
  const engineOf = (name: string): Docker => {
    const host = hosts.find((one) => one.name === name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return shellOf(host);
  };
  const converged = (): Promise<unknown> =>
    eventually('the daemon to converge', async () => {
      const status = await commands.status();
      return isNoted(status) && (await containers()).length >= 6 ? status : null;
    });

  beforeAll(async () => {
    repository = await ConfigRepository.create('drift-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest);
    commit = await repository.commit('shop');
    daemon = commands.start();
    await converged();
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await clearHosts(hosts, 'drift-test');
    await repository[Symbol.asyncDispose]();
  });

  it.each(changes)('reports and heals what $what changed', async (change) => {
    const container = (await containers()).find(({ slot }) => slot === change.slot);
    if (container === undefined) throw new Error(`slot ${change.slot} has no container`);
    const engine = engineOf(container.host);

    await change.act(engine.getContainer(container.id), engine);

    const item = await eventually(`the report of ${change.what}`, async () => {
      const report = await commands.drift();
      return (
        report.items.find(({ slot, state }) => slot === change.slot && state === 'resolved') ?? null
      );
    });
    expect(item).toMatchObject({
      application: 'shop',
      service: 'web',
      host: container.host,
      class: change.class,
      path: change.path,
      desired: change.desired,
      observed: change.observed,
      origin: {
        file: 'shop/compose.yaml',
        line: change.at[0],
        column: change.at[1],
        commit,
        author: 'Ada <ada@example.com>',
      },
    });
    await converged();
    const report = await commands.drift();
    expect(open(report)).toEqual([]);
    expect((await containers()).filter(({ state }) => state === 'running')).toHaveLength(6);
  });

  it('leaves alone what a rule says, lists it apart, and heals it once the rule is gone', async () => {
    const rule = `x-fleetwright:
  drift:
    ignore:
      - path: deploy.resources.limits.memory
        reason: a leak is being looked for
        until: 2999-12-31
`;
    await repository.write('shop/compose.yaml', `${manifest}${rule}`);
    const withRule = await repository.commit('rule');
    await eventually('the rule to be in force', async () =>
      daemon.log().includes(withRule.slice(0, 10)) ? true : null,
    );
    const [victim] = await containers();
    if (victim === undefined) throw new Error('there is a container');
    const container = engineOf(victim.host).getContainer(victim.id);
    await container.update({ Memory: 128 * 2 ** 20, MemorySwap: 256 * 2 ** 20 });

    const report = await eventually('the report', async () => {
      const found = await commands.drift();
      return found.ignored.length > 0 ? found : null;
    });

    expect(open(report)).toEqual([]);
    expect(report.summary.ignored).toBe(1);
    expect(report.ignored).toMatchObject([
      {
        path: 'deploy.resources.limits.memory',
        desired: 64 * 2 ** 20,
        observed: 128 * 2 ** 20,
        rule: {
          file: 'shop/compose.yaml',
          line: 19,
          column: 9,
          reason: 'a leak is being looked for',
          until: '3000-01-01T00:00:00Z',
        },
      },
    ]);
    expect((await commands.run('drift', '--exit-code')).code).toBe(0);
    expect((await container.inspect()).HostConfig.Memory).toBe(128 * 2 ** 20);

    await repository.write('shop/compose.yaml', manifest);
    await repository.commit('without the rule');
    await eventually('the repair', async () =>
      (await container.inspect()).HostConfig.Memory === 64 * 2 ** 20 ? true : null,
    );
    await converged();
  });

  it('reports a copy of a container with its labels and does not touch it', async () => {
    const [original] = await containers();
    if (original === undefined) throw new Error('there is a container');
    const engine = engineOf(original.host);
    const { Config } = await engine.getContainer(original.id).inspect();
    const copy = await engine.createContainer({
      name: 'copy-by-hand',
      Image: 'testapp:v1',
      Labels: Config.Labels,
    });
    await copy.start();

    const item = await eventually('the report of the copy', async () => {
      const report = await commands.drift();
      return report.items.find(({ class: kind }) => kind === 'copy') ?? null;
    });

    expect(item).toMatchObject({ container: 'copy-by-hand', action: 'report', state: 'open' });
    await converged();
    expect((await copy.inspect()).State.Running).toBe(true);
    await copy.remove({ force: true });
  });

  it('notices a commit at once and rolls it out', async () => {
    await repository.write('shop/compose.yaml', manifest.replace('testapp:v1', 'testapp:v2'));
    await repository.commit('v2');

    await eventually('v2 on all slots', async () => {
      const list = await containers();
      const isNew = list.length === 6 && list.every(({ image }) => image === 'testapp:v2');
      return isNew ? list : null;
    });
    await converged();
  });

  it('refuses a broken commit, keeps the last good one in force, and heals by it', async () => {
    await repository.write('shop/compose.yaml', 'services: [\n');
    await repository.commit('broken');
    await eventually('the refusal', async () =>
      daemon.log().includes('commit refused') ? true : null,
    );
    const [victim] = await containers();
    if (victim === undefined) throw new Error('there is a container');

    await engineOf(victim.host).getContainer(victim.id).remove({ force: true });

    await eventually('another instance', async () => {
      const list = await containers();
      return list.length === 6 && list.every(({ state }) => state === 'running') ? list : null;
    });
    expect((await commands.status()).rejected?.first).toContain('shop/compose.yaml:');
  });
});

function open({ items }: DriftReport): readonly unknown[] {
  return items.filter(({ state }) => state === 'open');
}
