import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { openSandbox } from '../../src/sandbox/sandbox.ts';
import type { Daemon } from '../support/command-line.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, shellOf } from '../support/sandbox.ts';

const fleetName = 'defaults-test';
const manifest = `services:
  web:
    image: testapp:v1
    restart: always
    deploy: { replicas: 3, update_config: { monitor: 0s } }
    ulimits: { core: 0 }
    logging: { options: { max-file: "2", max-size: 1m } }
`;
const otherDefaults = {
  'default-ulimits': { nofile: { Name: 'nofile', Hard: 4096, Soft: 2048 } },
  'log-opts': { 'max-size': '5m' },
  'default-shm-size': '32M',
};

function without(config: object): object {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !(key in otherDefaults)));
}

describe('an engine with other defaults than before', () => {
  const dir = dirname(inject('sandbox').fleet);
  const { hosts, credentials } = openSandbox(dir);
  const [host] = hosts;
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon;

  const containers = (): Promise<readonly ListedContainer[]> => listContainers(hosts, fleetName);
  const converged = (): Promise<unknown> =>
    eventually('the daemon to converge', async () => {
      const list = await containers();
      const isWhole = list.length === 3 && list.every(({ state }) => state === 'running');
      return isWhole && (await commands.status()).converged ? true : null;
    });
  /** The engine with what is in its daemon.json after a change. */
  const restartWith = async (change: (config: object) => object): Promise<void> => {
    if (host === undefined) throw new Error('there are hosts');
    const file = join(dir, 'engines', host.name, 'daemon.json');
    writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as object)));
    await host.killEngine();
    await host.startEngine();
  };
  beforeAll(async () => {
    repository = await ConfigRepository.create(fleetName, hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest);
    await repository.commit('shop');
    daemon = commands.start();
    await converged();
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await clearHosts(hosts, fleetName);
    await restartWith(without);
    await repository[Symbol.asyncDispose]();
  });

  it('Docker Engine restarted with other default ulimits and log options: no drift.', async () => {
    if (host === undefined) throw new Error('there are hosts');
    const before = await containers();

    await restartWith((config) => ({ ...config, ...otherDefaults }));

    const container = before.find((each) => each.host === host.name);
    const { HostConfig } = await shellOf(host)
      .getContainer(container?.id ?? '')
      .inspect();
    expect(HostConfig.Ulimits?.map(({ Name }) => Name).toSorted()).toEqual(['core', 'nofile']);
    await converged();
    // Without a journal every field is compared.
    await daemon.end('SIGTERM');
    await rm(repository.beside('state'), { recursive: true, force: true });
    daemon = commands.start();
    await converged();
    expect((await commands.drift()).items).toEqual([]);
    const after = await containers();
    expect(after.map(({ id }) => id).toSorted()).toEqual(before.map(({ id }) => id).toSorted());
  });
});
