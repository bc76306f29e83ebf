import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { DriftReport } from '../../src/generated/drift.ts';
import type { Status } from '../../src/generated/status.ts';
import type { Daemon } from '../support/command-line.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { isNoted } from '../support/is-noted.ts';
import { Registry } from '../support/registry.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleetName = 'images-test';

function movedTags({ items }: DriftReport): DriftReport['items'] {
  return items.filter(({ class: kind, state }) => kind === 'tag-moved' && state === 'open');
}

describe('an image that is named by a tag, on real engines with a real registry', () => {
  const { hosts, credentials } = sharedSandbox();
  const [first, , builder] = hosts;
  let registry: Registry;
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon;
  let image: string;
  let original: string;
  let next: string;

  const manifest = (replicas: number, tagMoved: string): string => `services:
  web:
    image: ${image}
    deploy:
      replicas: ${replicas}
      placement: { constraints: [node.hostname != ${builder?.name}] }
      update_config: { monitor: 1s, parallelism: 1 }
    x-fleetwright:
      gate: { minHealthyTime: 500ms }
      image: { tagMoved: ${tagMoved} }
`;
  const push = (replicas: number, tagMoved: string): Promise<string> =>
    repository
      .write('shop/compose.yaml', manifest(replicas, tagMoved))
      .then(() => repository.commit(`${replicas} ${tagMoved}`));
  const publish = (from: string): Promise<string> => {
    if (builder === undefined) throw new Error('there are three hosts');
    return registry.publish(builder, from, 'app:latest');
  };
  const containers = (): Promise<readonly ListedContainer[]> => listContainers(hosts, fleetName);
  const imagesOf = async (): Promise<readonly string[]> =>
    [...new Set((await containers()).map((each) => each.image))].toSorted();
  const converged = (replicas: number, isSo: (images: string) => boolean): Promise<Status> =>
    eventually(`${replicas} instances`, async () => {
      const list = await containers();
      const isWhole = list.length === replicas && list.every(({ state }) => state === 'running');
      if (!isWhole || !list.every((each) => isSo(each.image))) return null;
      const status = await commands.status();
      return isNoted(status) ? status : null;
    });
  beforeAll(async () => {
    registry = await Registry.start(hosts);
    image = `${registry.address}/app:latest`;
    repository = await ConfigRepository.create(fleetName, hosts);
    const fleet = parse(await readFile(join(repository.dir, 'fleet.yaml'), 'utf8')) as object;
    await repository.write('fleet.yaml', { ...fleet, image: { interval: '1s' } });
    commands = new Commands(repository, credentials);
    original = await publish('testapp:v1');
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await clearHosts(hosts, fleetName);
    await registry[Symbol.asyncDispose]();
    await repository[Symbol.asyncDispose]();
  });

  it('is one digest on all hosts, also when the tag moves in the middle of the rollout', async () => {
    await push(4, 'report');
    daemon = commands.start();
    await eventually('the first instance', async () =>
      (await containers()).length > 0 ? true : null,
    );
    next = await publish('testapp:v2');
    expect(next).not.toBe(original);

    await converged(4, (each) => each === `${image}@${original}`);
  });

  it('stays that digest for instances that are added, and for those that are lost', async () => {
    await push(6, 'report');
    await converged(6, (each) => each === `${image}@${original}`);
    const [victim] = await containers();
    const host = hosts.find(({ name }) => name === victim?.host);
    if (victim === undefined || host === undefined) throw new Error('there is an instance');

    await shellOf(host).getContainer(victim.id).remove({ force: true });

    await eventually('its successor', async () =>
      (await containers()).every(({ id }) => id !== victim.id) ? true : null,
    );
    await converged(6, (each) => each === `${image}@${original}`);
  });

  it('is reported as moved, with both digests, at the line that names it', async () => {
    const items = await eventually('the report', async () => {
      const found = movedTags(await commands.drift());
      return found.length > 0 ? found : null;
    });

    expect(items).toHaveLength(6);
    expect(items[0]).toMatchObject({
      class: 'tag-moved',
      path: 'image',
      desired: next,
      observed: original,
      action: 'report',
      origin: { file: 'shop/compose.yaml', line: 3, column: 12 },
    });
    const code = (await commands.run('drift', '--exit-code')).code;
    expect(code).toBe(1);
    expect((await commands.status()).converged).toBe(true);
  });

  it('An image pulled from a registry under another tag with the same id: no drift.', async () => {
    if (builder === undefined || first === undefined) throw new Error('there are three hosts');
    await registry.publish(builder, 'testapp:v1', 'mirror/app:stable');
    const engine = shellOf(first);
    const pulling = await engine.pull(`${registry.address}/mirror/app:stable`);
    await new Promise((resolve) => engine.modem.followProgress(pulling, resolve));
    await engine.getImage(`${image}@${original}`).tag({ repo: 'other', tag: 'name' });
    const before = await containers();
    await daemon.end('SIGTERM');
    // Without its journal it has to judge every field.
    await rm(repository.beside('state'), { recursive: true, force: true });

    daemon = commands.start();

    await converged(6, (each) => each === `${image}@${original}`);
    expect((await containers()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    const { items } = await commands.drift();
    expect(items.filter(({ class: kind }) => kind !== 'tag-moved')).toEqual([]);
  });

  it('is rolled out when it has moved, where the manifest says so, and rolled back when it fails', async () => {
    await push(4, 'roll');
    await converged(4, (each) => each === `${image}@${next}`);
    expect(movedTags(await commands.drift())).toEqual([]);

    const bad = await publish('testapp:crash');

    const status = await eventually('the rollback', async () => {
      const found = await commands.status();
      const [own] = found.applications;
      const stalled = own?.conditions.find(({ type }) => type === 'Stalled');
      // The way back is over when nothing of what has failed is left beside what serves.
      const isBack = own?.rollout === null && own.health === 'healthy';
      return stalled?.reason === 'RolledBack' && isBack ? found : null;
    });
    expect(status.applications[0]?.failed[0]?.message).toContain('exited');
    expect(await imagesOf()).toEqual([`${image}@${next}`]);
    const items = await eventually('the report', async () => {
      const found = movedTags(await commands.drift());
      return found.length > 0 ? found : null;
    });
    expect(items[0]).toMatchObject({ desired: bad, observed: next });

    const good = await publish('testapp:v3');
    await converged(4, (each) => each === `${image}@${good}`);
  });

  it('is what the registry says for a new version with pull_policy: always, whatever hosts have', async () => {
    const latest = await publish('testapp:v2');
    const version = `    pull_policy: always\n    environment: { A: "1" }\n`;
    await repository.write(
      'shop/compose.yaml',
      manifest(4, 'ignore').replace('    deploy:', `${version}    deploy:`),
    );
    await repository.commit('always');

    await converged(4, (each) => each === `${image}@${latest}`);
  });

  it('needs no registry for what its hosts have', async () => {
    const [running] = await imagesOf();
    await registry.end();
    await daemon.end('SIGTERM');
    const before = await containers();

    daemon = commands.start();
    await converged(4, (each) => each === running);
    expect((await containers()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));

    const [victim] = before;
    const host = hosts.find(({ name }) => name === victim?.host);
    if (victim === undefined || host === undefined) throw new Error('there is an instance');
    await shellOf(host).getContainer(victim.id).remove({ force: true });
    await eventually('its successor', async () =>
      (await containers()).every(({ id }) => id !== victim.id) ? true : null,
    );
    await converged(4, (each) => each === running);
  });
});
