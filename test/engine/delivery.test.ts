import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Daemon } from '../support/command-line.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers, type ListedContainer } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { isNoted } from '../support/is-noted.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleet = 'delivery-test';
const planted = 'correct-horse-battery-staple';

const manifest = `services:
  web:
    image: testapp:v1
    read_only: true
    deploy:
      replicas: 3
      update_config: { monitor: 0s }
    volumes:
      - ./conf:/etc/app:ro
      - ./motd:/motd:ro
    secrets:
      - token
secrets:
  token:
    environment: TOKEN
`;

describe('run, on three engines, with files of the commit', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon;

  const containers = (): Promise<readonly ListedContainer[]> => listContainers(hosts, fleet);

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest);
    await repository.write('shop/.env', `TOKEN=${planted}\n`);
    await repository.write('shop/motd', 'hello\n');
    await repository.write('shop/conf/app.conf', 'level: info\n');
    await repository.commit('shop');
    daemon = commands.start('--resync-interval=1s', '--poll-interval=1s');
    await contents('level: info\n');
  });

  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  /** What a command in a container says. */
  async function run(container: ListedContainer, ...command: readonly string[]): Promise<string> {
    const host = hosts.find(({ name }) => name === container.host);
    if (host === undefined) throw new Error(`there is no host ${container.host}`);
    const engine = shellOf(host);
    const exec = await engine
      .getContainer(container.id)
      .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({});
    const said = new PassThrough();
    engine.modem.demuxStream(stream, said, said);
    stream.on('end', () => said.end());
    return text(said);
  }

  /** Waits until all is in place and each instance reads this. */
  async function contents(expected: string): Promise<readonly ListedContainer[]> {
    return eventually(`"${expected}" in all instances`, async () => {
      const list = await containers();
      if (list.length !== 3 || !isNoted(await commands.status())) return null;
      // One may be replaced since it was listed.
      const read = await Promise.all(
        list.map((each) => run(each, 'cat', '/etc/app/app.conf').catch(() => '')),
      );
      return read.every((each) => each === expected) ? list : null;
    });
  }

  it('gives every instance the files and the secret', async () => {
    for (const container of await containers()) {
      expect(await run(container, 'cat', '/motd', '/run/secrets/token')).toBe(`hello\n${planted}`);
    }
  });

  it('rolls a change of a file, says so in the plan, and leaves nothing behind', async () => {
    await daemon[Symbol.asyncDispose]();
    const before = await containers();
    await repository.write('shop/conf/app.conf', 'level: debug\n');
    await repository.commit('debug');

    const plan = await commands.plan();
    daemon = commands.start('--resync-interval=1s', '--poll-interval=1s');

    expect(JSON.stringify(plan)).toContain('volumes./etc/app');
    const after = await contents('level: debug\n');
    expect(after.some(({ id }) => before.some((one) => one.id === id))).toBe(false);
    const volumes = await Promise.all(hosts.map((host) => shellOf(host).listVolumes()));
    const left = volumes.flatMap(({ Volumes }) => Volumes ?? []).map(({ Name }) => Name);
    expect(left.toSorted()).toEqual(after.map(({ name }) => `${name}-files`).toSorted());
  });

  it('a commit that touches none of it changes nothing', async () => {
    const before = await containers();
    await repository.write('shop/README', 'nothing\n');
    await repository.commit('readme');

    expect((await commands.plan()).inSync).toBe(true);
    expect(await containers()).toEqual(before);
  });

  it('reports and heals a file that was edited behind its back', async () => {
    const [victim] = await containers();
    const host = hosts.find(({ name }) => name === victim?.host);
    if (victim === undefined || host === undefined) throw new Error('there is a container');
    const { Mounts } = await shellOf(host).getContainer(victim.id).inspect();
    const volume = Mounts.find(({ Type }) => Type === 'volume')?.Name ?? '';
    const editor = await shellOf(host).createContainer({
      Image: 'testapp:v1',
      Entrypoint: ['/bin/sh', '-c', 'echo evil > /files/0/app.conf'],
      HostConfig: { Binds: [`${volume}:/files`], AutoRemove: true },
    });

    await editor.start();

    const item = await eventually('the report', async () => {
      const { items } = await commands.drift();
      return items.find(({ path }) => path === 'volumes./etc/app') ?? null;
    });
    expect(item).toMatchObject({
      application: 'shop',
      service: 'web',
      container: victim.name,
      action: 'replace',
      origin: { file: 'shop/compose.yaml', line: 9, column: 9 },
    });
    await eventually('another instance', async () => {
      const list = await containers();
      return list.every(({ id }) => id !== victim.id) ? true : null;
    });
    await contents('level: debug\n');
  });

  it('the secret is nowhere but in the containers and in the commit', async () => {
    const engines = await Promise.all(
      hosts.map(async (host) => {
        const engine = shellOf(host);
        const list = await engine.listContainers({ all: true });
        const inspected = list.map(({ Id }) => engine.getContainer(Id).inspect());
        return [await Promise.all(inspected), await engine.listVolumes()];
      }),
    );
    const state = repository.beside('state');
    const own = (await readdir(state)).filter((name) => /^(journal|secrets|lock)/.test(name));
    const kept = await Promise.all(own.map((name) => readFile(join(state, name), 'latin1')));
    const said = [daemon.log(), JSON.stringify(await commands.plan()), ...kept].join('\n');

    expect(own).toContain('secrets.key');
    expect(own.some((name) => name.startsWith('journal'))).toBe(true);
    for (const form of [planted, Buffer.from(planted).toString('base64')]) {
      expect(JSON.stringify(engines)).not.toContain(form);
      expect(said).not.toContain(form);
    }
  });

  it('repairs last-known-good with its own secret, also when the head has another', async () => {
    await repository.write('shop/.env', 'TOKEN=other\n');
    await repository.write('shop/compose.yaml', manifest.replace('testapp:v1', 'testapp:crash'));
    await repository.commit('crash');
    await eventually('the rollback', async () => {
      const [shop] = (await commands.status()).applications;
      // Until the rollout is over, what has failed lies beside what serves.
      if (shop?.rollout !== null) return null;
      return shop.conditions.some(({ reason }) => reason === 'RolledBack') ? true : null;
    });
    await daemon[Symbol.asyncDispose]();
    daemon = commands.start('--resync-interval=1s', '--poll-interval=1s');
    const [victim] = await containers();
    const host = hosts.find(({ name }) => name === victim?.host);
    if (victim === undefined || host === undefined) throw new Error('there is a container');

    await shellOf(host).getContainer(victim.id).remove({ force: true });

    const repaired = await eventually('another instance', async () => {
      const list = await containers();
      const isWhole = list.length === 3 && list.every(({ state }) => state === 'running');
      return isWhole && list.every(({ id }) => id !== victim.id) ? list : null;
    });
    for (const container of repaired) {
      expect(await run(container, 'cat', '/run/secrets/token')).toBe(planted);
    }
    await repository.write('shop/.env', `TOKEN=${planted}\n`);
    await repository.write('shop/compose.yaml', manifest);
    await repository.commit('back');
    await contents('level: debug\n');
  });

  it('goes on after a restart without touching anything', async () => {
    await daemon[Symbol.asyncDispose]();
    const before = await containers();

    const { code } = await commands.sync();

    expect(code).toBe(0);
    expect(await containers()).toEqual(before);
    daemon = commands.start('--resync-interval=1s');
  });
});
