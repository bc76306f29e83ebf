import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { sandboxHost } from '../support/engine-fleet.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const manifest = (mtu: number): string => `services:
  web:
    image: testapp:v1
    ports: ["18080:8080"]
    networks:
      front: { aliases: [www], ipv4_address: 10.201.3.7 }
    deploy: { update_config: { monitor: 0s } }
networks:
  front:
    driver_opts: { com.docker.network.driver.mtu: "${mtu}" }
    ipam: { config: [{ subnet: 10.201.3.0/24 }] }
`;

describe('a network that a commit declares otherwise', () => {
  const { credentials } = sharedSandbox();
  const host = sandboxHost(0);
  const engine = shellOf(host);
  let repository: ConfigRepository;
  let commands: Commands;

  const inspect = async (): Promise<Docker.ContainerInspectInfo> => {
    const [found, ...others] = await listContainers([host], 'renew-test');
    if (found === undefined || others.length > 0) throw new Error('it has not one container');
    return await engine.getContainer(found.id).inspect();
  };
  const answer = async (): Promise<string> => {
    const response = await fetch(`http://${host.address}:18080/`);
    return await response.text();
  };
  const commit = async (mtu: number): Promise<void> => {
    await repository.write('shop/compose.yaml', manifest(mtu));
    await repository.commit(`mtu ${mtu}`);
  };
  const mtu = async (): Promise<string | undefined> => {
    const { Options: options } = await engine.getNetwork('shop_front').inspect();
    return options?.['com.docker.network.driver.mtu'];
  };

  beforeAll(async () => {
    repository = await ConfigRepository.create('renew-test', [host]);
    commands = new Commands(repository, credentials);
    await commit(1400);
    expect((await commands.sync()).code).toBe(0);
  });
  afterAll(async () => {
    await clearHosts([host], 'renew-test');
    await repository[Symbol.asyncDispose]();
  });

  it('is made anew under a container that runs on, with its aliases, its address and its port', async () => {
    const before = await inspect();
    await commit(1450);

    const plan = await commands.plan();
    expect(plan.steps.map(({ action }) => action)).toEqual([
      'disconnect-network',
      'remove-network',
      'create-network',
      'connect-network',
    ]);
    expect((await commands.sync()).code).toBe(0);

    const { Id, State, NetworkSettings } = await inspect();
    expect({ Id, startedAt: State.StartedAt }).toEqual({
      Id: before.Id,
      startedAt: before.State.StartedAt,
    });
    const endpoint = NetworkSettings.Networks['shop_front'];
    expect(endpoint?.Aliases).toEqual(expect.arrayContaining(['web', 'www']));
    expect(endpoint?.IPAddress).toBe('10.201.3.7');
    expect(endpoint?.NetworkID).not.toBe(before.NetworkSettings.Networks['shop_front']?.NetworkID);
    expect(await mtu()).toBe('1450');
    expect(await answer()).toContain('v1');
    expect((await commands.plan()).steps).toEqual([]);
  });

  it('is left to those who have a container of their own on it', async () => {
    const stranger = await engine.createContainer({
      name: 'renew-stranger',
      Image: 'testapp:v1',
      HostConfig: { NetworkMode: 'shop_front' },
    });
    await stranger.start();
    try {
      await commit(1460);
      expect((await commands.plan()).steps).toEqual([]);
      expect((await commands.drift()).items).toMatchObject([
        {
          class: 'network',
          path: 'networks.front.driver_opts.com.docker.network.driver.mtu',
          action: 'report',
          note: expect.stringContaining('container "renew-stranger" is on it'),
        },
      ]);
    } finally {
      await stranger.remove({ force: true });
    }
    expect((await commands.sync()).code).toBe(0);
    expect(await mtu()).toBe('1460');
  });
});
