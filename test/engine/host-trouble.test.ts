import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SandboxHost } from '../../src/sandbox/sandbox-host.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

/** A boot, and a rollout of which each slot takes seconds, on a machine that others use too. */
const patienceMs = 180_000;

function manifest(image: string): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas: 3, update_config: { monitor: '200ms' } },
        'x-fleetwright': {
          gate: {
            http: { port: 8080, path: '/ready' },
            minHealthyTime: '3s',
            healthyDeadline: '30s',
          },
        },
      },
    },
  };
}

describe('a host in trouble in the middle of a rollout', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeEach(async () => {
    repository = await ConfigRepository.create('trouble-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest('testapp:v1'));
    await repository.commit('v1');
    expect((await commands.sync()).code).toBe(0);
  });
  afterEach(async () => {
    await clearHosts(hosts, 'trouble-test');
    await repository[Symbol.asyncDispose]();
  });

  /** The host of an instance of v2 that runs and has not passed its gate yet. */
  const hostOnProbation = (): Promise<SandboxHost> =>
    eventually('an instance on probation', async () => {
      const list = await listContainers(hosts, 'trouble-test');
      const fresh = list.find(({ image, state }) => image === 'testapp:v2' && state === 'running');
      return hosts.find(({ name }) => name === fresh?.host) ?? null;
    });

  it.each([
    ['loses its power', (host: SandboxHost) => host.powerCycle()],
    [
      'loses its engine',
      async (host: SandboxHost) => {
        await host.killEngine();
        await host.startEngine();
      },
    ],
  ])('that %s does not fail the revision', async (_what, trouble) => {
    await using daemon = commands.start();
    await repository.write('shop/compose.yaml', manifest('testapp:v2'));
    await repository.commit('v2');

    await trouble(await hostOnProbation());

    const isEverywhere = async (): Promise<true | null> => {
      const status = await commands.status();
      expect(status.applications[0]?.failed).toEqual([]);
      return status.converged ? true : null;
    };
    await eventually('v2 everywhere', isEverywhere, patienceMs);
    await daemon.end('SIGTERM');
    const images = (await listContainers(hosts, 'trouble-test')).map(({ image }) => image);
    expect(images).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
  });
});

describe('a host whose engine takes calls and never answers', () => {
  const { hosts, credentials } = sharedSandbox();
  const [stopped] = hosts;
  if (stopped === undefined) throw new Error('there are three hosts');
  let repository: ConfigRepository;
  let commands: Commands;

  beforeEach(async () => {
    repository = await ConfigRepository.create('slow-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('beside/compose.yaml', placed('testapp:v1', `== ${stopped.name}`));
    await repository.write('shop/compose.yaml', placed('testapp:v1', `!= ${stopped.name}`));
    await repository.commit('v1');
    expect((await commands.sync()).code).toBe(0);
  });
  afterEach(async () => {
    stopped.thaw();
    await clearHosts(hosts, 'slow-test');
    await repository[Symbol.asyncDispose]();
  });

  it('holds up no rollout on the others, and its state says why it is left alone', async () => {
    await using daemon = commands.start();
    const succeeded = (commit: string): Promise<true> => {
      const isSaid = async (): Promise<true | null> => {
        const lines = daemon.log().split('\n');
        const isSo = lines.some((line) => line.includes('"succeeded"') && line.includes(commit));
        return isSo ? true : null;
      };
      return eventually(`success of ${commit}`, isSaid, patienceMs);
    };

    stopped.freeze();
    // Nobody has noticed yet, and then everybody has.
    for (const image of ['testapp:v2', 'testapp:v3']) {
      await repository.write('shop/compose.yaml', placed(image, `!= ${stopped.name}`));
      await succeeded(await repository.commit(image));
    }

    const { hosts: described } = await commands.status();
    expect(described.find(({ host }) => host === stopped.name)).toMatchObject({
      state: 'unreachable',
      reason: expect.stringContaining('no answer within'),
    });
  });
});

/** One application of two replicas, on hosts by name. */
function placed(image: string, constraint: string): object {
  const placement = { constraints: [`node.hostname ${constraint}`] };
  const deploy = { replicas: 2, placement, update_config: { monitor: '1s' } };
  const gate = { minHealthyTime: '500ms' };
  return { services: { web: { image, deploy, 'x-fleetwright': { gate } } } };
}
