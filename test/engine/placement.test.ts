import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { Hosts } from '../../src/generated/hosts.ts';
import { renderFleetFile } from '../../src/sandbox/fleet-file.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const fleet = 'placement';

/** Slots that reserve CPUs, spread over zones. */
function manifest(cpus: number, replicas = 4, priority = 500): object {
  return {
    services: {
      web: {
        image: 'testapp:v1',
        deploy: {
          replicas,
          placement: { preferences: [{ spread: 'node.labels.zone' }], max_replicas_per_node: 2 },
          resources: { reservations: { cpus } },
          update_config: { monitor: '0s' },
        },
        'x-fleetwright': { priority },
      },
    },
  };
}

/** Where an application runs. */
function hostsOf(containers: readonly ListedContainer[], application: string): readonly string[] {
  return containers
    .filter((one) => one.application === application && one.state === 'running')
    .map(({ host }) => host)
    .toSorted();
}

describe('placement on a fleet', () => {
  const { hosts, credentials } = sharedSandbox();
  const [lonely] = hosts;
  let repository: ConfigRepository;
  let commands: Commands;

  /** One host in a zone of its own, and one CPU on each. */
  function fleetFile(): object {
    const file = parse(renderFleetFile(fleet, hosts)) as { hosts: { name: string }[] };
    return {
      ...file,
      hosts: file.hosts.map((host) => ({
        ...host,
        labels: { zone: host.name === lonely?.name ? 'a' : 'b' },
        capacity: { cpus: 1.25 },
        reserve: { cpus: 0.25 },
      })),
    };
  }

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
    await repository.write('fleet.yaml', fleetFile());
  });
  afterAll(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  it('spreads over zones, shows what is reserved, and moves nothing that fits nowhere else', async () => {
    await repository.write('shop/compose.yaml', manifest(0.25));
    await repository.commit('v1');
    expect((await commands.sync()).code).toBe(0);
    const before = await listContainers(hosts, fleet);
    const counts = hosts.map(({ name }) => before.filter(({ host }) => host === name).length);
    expect(counts).toEqual([2, 1, 1]);

    const shown = await commands.run('hosts', '--output=json');
    const reserved = (JSON.parse(shown.stdout) as Hosts).hosts.map((host) => host.reserved.cpus);
    expect(reserved).toEqual([0.5, 0.25, 0.25]);
    expect((await commands.run('hosts')).stdout).toContain('0.5 of 1 CPUs');

    await repository.write('shop/compose.yaml', manifest(0.6));
    await repository.commit('reserve more');
    const plan = await commands.run('plan');
    expect(plan.stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /web\/\d: 0 of 3 hosts: 3 need 0.6 CPUs, at most 0.4 left/,
    );
    expect((await commands.sync('--timeout=2s')).code).toBe(1);
    const after = await listContainers(hosts, fleet);
    expect(after.map(({ id }) => id).toSorted()).toEqual(before.map(({ id }) => id).toSorted());
  });

  it('gives what is more important the room of what is less, and says so', async () => {
    await repository.write('shop/compose.yaml', manifest(0.25));
    await repository.write('vip/compose.yaml', manifest(0.75, 3, 900));
    await repository.commit('something more important');

    expect((await commands.run('plan')).stdout.replaceAll(/\s+/g, ' ')).toContain(
      'made room for vip/web (priority 900 above 500)',
    );
    await using daemon = commands.start();
    const after = await eventually('the more important ones run', async () => {
      const containers = await listContainers(hosts, fleet);
      const isDone = containers.length === 6 && hostsOf(containers, 'vip').length === 3;
      return isDone ? containers : null;
    });
    await daemon.end('SIGTERM');
    expect(hostsOf(after, 'shop')).toEqual(hosts.map(({ name }) => name).toSorted());
    expect(hostsOf(after, 'vip')).toEqual(hosts.map(({ name }) => name).toSorted());
  });
});
