import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleet = 'overrides';
const port = 18_181;

function manifest(special: string, level: string): string {
  return `services:
  proxy:
    image: testapp:v1
    environment:
      LEVEL: info
    deploy:
      mode: global
      update_config: { monitor: 0s }
    x-fleetwright:
      overrides:
        - hosts: { zone: ${special} }
          environment:
            LEVEL: ${level}
          ports: ["${port}:8080"]
          deploy:
            resources:
              limits:
                memory: 64M
`;
}

describe('overrides on a fleet', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  /** Of each host, the container, one variable of it, and the port of the host that it has. */
  async function seen(): Promise<
    ReadonlyMap<string, { id: string; level: string | undefined; published: string | undefined }>
  > {
    const listed = await listContainers(hosts, fleet);
    const found = listed.map(async ({ host, id }) => {
      const description = hosts.find(({ name }) => name === host);
      if (description === undefined) throw new Error(`there is no host ${host}`);
      const { Config, HostConfig } = await shellOf(description).getContainer(id).inspect();
      const bindings = HostConfig.PortBindings as Record<string, { HostPort: string }[]> | null;
      const level = Config.Env.find((each) => each.startsWith('LEVEL='));
      return [host, { id, level, published: bindings?.['8080/tcp']?.[0]?.HostPort }] as const;
    });
    return new Map(await Promise.all(found));
  }

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
  });
  afterAll(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  it('make one host different, roll there only, and are the lines of drift there', async () => {
    const [, different] = hosts;
    if (different === undefined) throw new Error('there are three hosts');
    const [first = '', second = '', third] = hosts.map(({ name }) => name);
    await repository.write('edge/compose.yaml', manifest('b', 'debug'));
    const commit = await repository.commit('one is different');
    expect((await commands.sync()).code).toBe(0);
    const before = await seen();
    expect([...before].map(([host, { level, published }]) => [host, level, published])).toEqual(
      expect.arrayContaining([
        [first, 'LEVEL=info', undefined],
        [second, 'LEVEL=debug', String(port)],
        [third, 'LEVEL=info', undefined],
      ]),
    );

    await repository.write('edge/compose.yaml', manifest('b', 'trace'));
    await repository.commit('only the override');
    const plan = await commands.plan();
    expect(new Set(plan.steps.map(({ host }) => host))).toEqual(new Set([second]));
    expect(plan.steps.at(-1)?.cause.origin).toMatchObject({ file: 'edge/compose.yaml' });
    expect((await commands.sync()).code).toBe(0);
    const after = await seen();
    expect(after.get(second)?.level).toBe('LEVEL=trace');
    expect(after.get(second)?.id).not.toBe(before.get(second)?.id);
    expect(after.get(first)?.id).toBe(before.get(first)?.id);

    const container = shellOf(different).getContainer(after.get(second)?.id ?? '');
    await container.update({ Memory: 128 * 2 ** 20, MemorySwap: 256 * 2 ** 20 });
    // Nothing else has drifted.
    const { items } = await commands.drift();
    expect(items).toMatchObject([
      {
        host: second,
        path: 'deploy.resources.limits.memory',
        desired: 64 * 2 ** 20,
        observed: 128 * 2 ** 20,
        origin: { file: 'edge/compose.yaml', line: 18, column: 25, commit },
      },
    ]);
  });
});
