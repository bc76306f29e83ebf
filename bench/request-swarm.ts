import type Docker from 'dockerode';

import { run } from '../src/sandbox/command.ts';
import type { SandboxHost } from '../src/sandbox/sandbox-host.ts';
import { connectEngine } from '../src/sandbox/sandbox-host.ts';
import { eventually } from '../test/support/eventually.ts';
import { haproxyConfiguration } from '../test/support/haproxy-edge.ts';
import { proxyImage } from '../test/support/proxy-image.ts';
import { clearHosts } from '../test/support/sandbox.ts';
import {
  fewReplicas,
  oneBackend,
  ownChecks,
  proxyPort,
  replicas,
  retries,
  site,
} from './request-proxy.ts';
import type { RequestGround, RequestSide } from './request-sides.ts';

const network = 'bench';
const configurationPath = '/etc/haproxy/haproxy.cfg';

/** Twice as many names as replicas: during a start-first update there are more. */
const configuration = haproxyConfiguration({
  retries,
  frontend: oneBackend,
  backends: `
backend web from ingress
  balance roundrobin
  option httpchk GET /ready
  server-template web ${2 * replicas} web:8080 ${ownChecks} resolvers docker init-addr none
resolvers docker
  nameserver dns 127.0.0.11:53
  accepted_payload_size 8192
  timeout resolve 500ms
  timeout retry 500ms
  hold valid 500ms
  hold obsolete 0s`,
});

/**
 * By `docker service update`, start-first, behind the same proxy, which learns of the tasks by the swarm's DNS and asks each
 * how it is. The swarm's own ingress needs IPVS, which not every kernel has; DNS is what a swarm has besides.
 */
export async function openSwarm({ sandbox, signal }: RequestGround): Promise<RequestSide> {
  const { hosts } = sandbox;
  const [first] = hosts;
  if (first === undefined) throw new Error('The sandbox has no host');
  const manager = connectEngine(first);
  const docker = async (...args: readonly string[]): Promise<void> => {
    await run('docker', args, { env: { ...first.env }, signal });
  };
  await joinAll(hosts, first, manager);
  const firstNode = await nodeOf(first);
  await manager.createNetwork({ Name: network, Driver: 'overlay' });
  await createProxy(manager, firstNode);
  await createWeb(manager);
  const settle = (count: number): Promise<true> => untilThrough(hosts, count);
  await settle(replicas);
  const update = async (image: string): Promise<void> => {
    await docker('service', 'update', ...updateFlags, `--image=${image}`, 'web');
    await settle(replicas);
  };
  return {
    target: { addresses: [first.address], port: proxyPort, host: site },
    changes: {
      update: () => update('testapp:v2'),
      // It rolls back by itself, and says so by its exit code or not, depending on the version.
      rollback: async () => {
        await update('testapp:unhealthy').catch(() => {});
        await settle(replicas);
      },
      scale: async () => {
        await docker('service', 'scale', `web=${fewReplicas}`);
        await settle(fewReplicas);
        await docker('service', 'scale', `web=${replicas}`);
        await settle(replicas);
      },
      drain: async () => {
        const last = hosts.at(-1) ?? first;
        await docker('node', 'update', '--availability=drain', await nodeOf(last));
        await untilThrough([last], 0);
        await settle(replicas);
      },
    },
    [Symbol.asyncDispose]: () => leaveAll(hosts),
  };
}

const updateFlags = [
  '--update-order=start-first',
  '--update-parallelism=3',
  '--update-delay=0s',
  '--update-monitor=1s',
  '--update-failure-action=rollback',
  '--detach=false',
  '--quiet',
  '--no-resolve-image',
] as const;

async function nodeOf(host: SandboxHost): Promise<string> {
  const { Swarm } = (await connectEngine(host).info()) as { Swarm: { NodeID: string } };
  return Swarm.NodeID;
}

function listen({ address }: SandboxHost): { ListenAddr: string; AdvertiseAddr: string } {
  return { ListenAddr: `${address}:2377`, AdvertiseAddr: address };
}

async function joinAll(
  hosts: readonly SandboxHost[],
  first: SandboxHost,
  manager: Docker,
): Promise<void> {
  await manager.swarmInit(listen(first));
  const { JoinTokens } = (await manager.swarmInspect()) as { JoinTokens: { Worker: string } };
  for (const host of hosts) {
    if (host === first) continue;
    const RemoteAddrs = [`${first.address}:2377`];
    const JoinToken = JoinTokens.Worker;
    await connectEngine(host).swarmJoin({ ...listen(host), RemoteAddrs, JoinToken });
  }
}

async function createProxy(manager: Docker, node: string): Promise<void> {
  const Data = Buffer.from(configuration).toString('base64');
  const { id } = await manager.createConfig({ Name: 'haproxy', Data });
  const file = { Name: configurationPath, UID: '0', GID: '0', Mode: 0o444 };
  await manager.createService({
    Name: 'haproxy',
    TaskTemplate: {
      ContainerSpec: {
        Image: proxyImage,
        Configs: [{ ConfigID: id, ConfigName: 'haproxy', File: file }],
      },
      Networks: [{ Target: network }],
      Placement: { Constraints: [`node.id==${node}`] },
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: {
      Mode: 'dnsrr',
      Ports: [
        { Protocol: 'tcp', TargetPort: proxyPort, PublishedPort: proxyPort, PublishMode: 'host' },
      ],
    },
  });
}

async function createWeb(manager: Docker): Promise<void> {
  const second = 1e9;
  const check = {
    Test: ['CMD', 'testapp', 'check', '/ready'],
    Interval: second / 2,
    Timeout: 5 * second,
    Retries: 3,
  };
  await manager.createService({
    Name: 'web',
    TaskTemplate: {
      ContainerSpec: { Image: 'testapp:v1', HealthCheck: check },
      Networks: [{ Target: network }],
    },
    Mode: { Replicated: { Replicas: replicas } },
    EndpointSpec: { Mode: 'dnsrr' },
  });
}

/** All that run of the service are well, and as many as there should be. */
async function untilThrough(hosts: readonly SandboxHost[], count: number): Promise<true> {
  return await eventually(`${count} tasks run`, async () => {
    const lists = await Promise.all(hosts.map((host) => connectEngine(host).listContainers()));
    const web = lists.flat().filter(({ Image }) => Image.startsWith('testapp:'));
    const isThrough = web.every(({ Status }) => Status.includes('(healthy)'));
    return web.length === count && isThrough ? true : null;
  });
}

async function leaveAll(hosts: readonly SandboxHost[]): Promise<void> {
  for (const host of hosts.toReversed()) await connectEngine(host).swarmLeave({ force: true });
  await eventually('what was left of the swarm is gone', async () => {
    const lists = await Promise.all(
      hosts.map((host) => connectEngine(host).listContainers({ all: true })),
    );
    return lists.flat().length === 0 ? true : null;
  });
  await clearHosts(hosts);
}
