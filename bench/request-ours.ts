import { Commands } from '../test/support/command-line.ts';
import { ConfigRepository } from '../test/support/config-repository.ts';
import { haproxyConfiguration, haproxyEdge } from '../test/support/haproxy-edge.ts';
import { clearHosts } from '../test/support/sandbox.ts';
import { fewReplicas, proxyPort, replicas, retries, site } from './request-proxy.ts';
import type { RequestGround, RequestSide } from './request-sides.ts';

const rolledBack = 1;

const proxies = haproxyEdge({
  deploy: { placement: { constraints: ['node.labels.edge == yes'] } },
});

const configuration = haproxyConfiguration({
  retries,
  backends: `
backend shop:web from ingress
  balance roundrobin`,
});

function manifest(image: string, count: number): object {
  const update = { parallelism: 3, order: 'start-first', monitor: '1s' };
  return {
    services: {
      web: {
        image,
        deploy: { replicas: count, update_config: update },
        'x-fleetwright': {
          gate: { http: { port: 8080, path: '/ready' }, healthyDeadline: '10s' },
          expose: { host: site, port: 8080, drainTimeout: '10s' },
        },
      },
    },
  };
}

/** By commits, each followed by `fleetwright sync`. */
export async function openOurs({ sandbox }: RequestGround): Promise<RequestSide> {
  const { hosts, credentials } = sandbox;
  const [first] = hosts;
  if (first === undefined) throw new Error('The sandbox has no host');
  const repository = await ConfigRepository.create('bench', hosts);
  const commands = new Commands(repository, credentials);
  const land = async (what: string, codeWanted = 0): Promise<void> => {
    await repository.commit(what);
    const { code, stderr } = await commands.sync('--timeout=120s');
    if (code !== codeWanted) throw new Error(`The sync of "${what}" ended with ${code}: ${stderr}`);
  };
  const writeFleet = async (drained?: string): Promise<void> => {
    const all = hosts.map(({ name, endpoint, address }) => ({
      name,
      endpoint,
      address,
      labels: { edge: name === first.name ? 'yes' : 'no' },
      drain: name === drained,
    }));
    const ingress = { driver: 'haproxy', service: 'edge/haproxy' };
    await repository.write('fleet.yaml', { name: 'bench', ingress, hosts: all });
  };
  const shop = async (image: string, count: number): Promise<void> => {
    await repository.write('shop/compose.yaml', manifest(image, count));
  };
  await writeFleet();
  await repository.write('edge/haproxy.cfg', configuration);
  await repository.write('edge/compose.yaml', proxies);
  await shop('testapp:v1', replicas);
  await land('begin');
  return {
    target: { addresses: [first.address], port: proxyPort, host: site },
    changes: {
      update: async () => {
        await shop('testapp:v2', replicas);
        await land('update');
      },
      rollback: async () => {
        await shop('testapp:unhealthy', replicas);
        await land('broken', rolledBack);
        await shop('testapp:v2', replicas);
        await land('mended');
      },
      scale: async () => {
        await shop('testapp:v2', fewReplicas);
        await land('fewer');
        await shop('testapp:v2', replicas);
        await land('all again');
      },
      drain: async () => {
        await writeFleet(hosts.at(-1)?.name);
        await land('drain');
      },
    },
    [Symbol.asyncDispose]: async () => {
      await clearHosts(hosts);
      await repository[Symbol.asyncDispose]();
    },
  };
}
