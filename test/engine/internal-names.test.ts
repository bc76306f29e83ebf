import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { haproxyConfiguration, haproxyEdge } from '../support/haproxy-edge.ts';
import { IngressFleet } from '../support/ingress-fleet.ts';
import { clientManifest, NameClient } from '../support/name-client.ts';
import { loadProxyImage } from '../support/proxy-image.ts';
import { sharedSandbox, shellOf } from '../support/sandbox.ts';

const name = 'web.shop.internal';
const network = 'internal-test';

const proxyConfiguration = haproxyConfiguration({
  retries: `
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response`,
  backends: `
backend shop:web from ingress
  balance roundrobin`,
});

const edge = {
  ...haproxyEdge({ networks: { fleet: { aliases: [name] } } }),
  networks: { fleet: { name: network } },
};

/** It answers before it is ready: for so long, in milliseconds. */
function shop(image: string, replicas: number, readyDelay = 700): object {
  const readiness = { http: { port: 8080, path: '/ready' } };
  return {
    services: {
      web: {
        image,
        environment: { READY_DELAY_MS: String(readyDelay) },
        deploy: { replicas, update_config: { parallelism: 3, monitor: '200ms' } },
        'x-fleetwright': {
          gate: { ...readiness, minHealthyTime: '100ms', healthyDeadline: '3s' },
          expose: { internal: true, port: 8080, drainTimeout: '10s' },
        },
      },
    },
  };
}

describe('a name within the fleet, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let fleet: IngressFleet;
  let clients: readonly NameClient[];

  beforeAll(async () => {
    await loadProxyImage(hosts.slice(0, 2));
    fleet = await IngressFleet.start({
      hosts,
      credentials,
      fleet: 'internal-test',
      replicas: 3,
      role: 'internal',
      ingress: { driver: 'haproxy', service: 'edge/haproxy' },
      files: {
        'edge/haproxy.cfg': proxyConfiguration,
        'edge/compose.yaml': edge,
        'shop/compose.yaml': shop('testapp:v1', 3, 0),
        'ask/compose.yaml': clientManifest(name, network, 'edge'),
      },
    });
    // Nobody asks for this name from outside.
    await fleet.load[Symbol.asyncDispose]();
    const containers = await fleet.containers();
    clients = hosts.slice(0, 2).map((host) => {
      const own = containers.find((one) => one.application === 'ask' && one.host === host.name);
      return new NameClient(host, own?.id ?? '');
    });
    await answered('v1');
    await answered('v1');
    // What was asked before all was deployed is nobody's.
    await Promise.all(clients.map((client) => client.take()));
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  /** All clients are answered so from now on. */
  const answered = async (answer: string): Promise<void> => {
    await Promise.all(clients.map((client) => client.isAnswered(answer)));
  };

  /** What both clients were told, in words: that one is ready, and versions. */
  const told = async (): Promise<readonly string[]> => {
    const all = await Promise.all(clients.map((client) => client.take()));
    return [...new Set(all.flatMap((lines) => [...lines]))].toSorted();
  };

  it('leads to the others when an instance is killed', async () => {
    const [victim] = await fleet.shops();
    const host = hosts.find((one) => one.name === victim?.host);
    if (victim === undefined || host === undefined) throw new Error('there is no instance');
    const container = shellOf(host).getContainer(victim.id);
    const { State } = await container.inspect();
    process.kill(State.Pid, 'SIGKILL');
    await eventually('it runs again', async () => {
      const { State: now } = await container.inspect();
      return now.Running && now.Pid !== State.Pid ? true : null;
    });
    await answered('v1');

    expect(await told()).toEqual(['ok', 'v1']);
  });

  it('leads to what is ready in a rolling update', async () => {
    await fleet.repository.write('shop/compose.yaml', shop('testapp:v2', 3));
    await fleet.land('v2');
    await answered('v2');

    expect(await told()).toEqual(['ok', 'v1', 'v2']);
  });

  it('leads to what is ready when a broken version is rolled back', async () => {
    await fleet.repository.write('shop/compose.yaml', shop('testapp:unhealthy', 3));
    await fleet.land('broken', 'RolledBack');

    expect(await told()).toEqual(['ok', 'v2']);
  });

  it('leads to what is ready when replicas are taken away and given back', async () => {
    await fleet.repository.write('shop/compose.yaml', shop('testapp:v2', 1));
    await fleet.land('one replica');
    expect(await fleet.shops()).toHaveLength(1);
    await fleet.repository.write('shop/compose.yaml', shop('testapp:v2', 3));
    await fleet.land('three replicas');

    expect(await told()).toEqual(['ok', 'v2']);
  });

  it('leads to what is ready when a host is drained', async () => {
    const [, , third] = hosts;
    await fleet.writeFleet([third?.name ?? '']);
    await fleet.land('drain');

    expect((await fleet.shops()).filter(({ host }) => host === third?.name)).toEqual([]);
    expect(await told()).toEqual(['ok', 'v2']);
  });
});
