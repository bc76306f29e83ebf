import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { run } from '../src/sandbox/command.ts';
import type { SandboxHost } from '../src/sandbox/sandbox-host.ts';
import { haproxyConfiguration } from '../test/support/haproxy-edge.ts';
import { proxyImage } from '../test/support/proxy-image.ts';
import { clearHosts } from '../test/support/sandbox.ts';
import {
  healthcheck,
  oneBackend,
  ownChecks,
  proxyPort,
  replicas,
  retries,
  site,
} from './request-proxy.ts';
import type { RequestGround, RequestSide } from './request-sides.ts';

const firstPort = 8081;
const perHost = 2;

/** By `docker-compose up -d` on one host after the other, behind a proxy that asks each instance how it is. */
export async function openCompose({ sandbox, dir, signal }: RequestGround): Promise<RequestSide> {
  const { hosts } = sandbox;
  const [first] = hosts;
  if (first === undefined) throw new Error('The sandbox has no host');
  const up = async (host: SandboxHost, services: object): Promise<void> => {
    const file = join(dir, host.name, 'docker-compose.yml');
    await mkdir(join(dir, host.name), { recursive: true });
    await writeFile(file, stringify({ version: '3.8', services }));
    const { env } = host;
    // Compose 1 lets these variables of Python's HTTP client win over the certificate it was told to trust.
    const trust = join(env.DOCKER_CERT_PATH, 'ca.pem');
    await run('docker-compose', ['-p', 'bench', '-f', file, 'up', '-d', '--remove-orphans'], {
      env: { ...env, REQUESTS_CA_BUNDLE: trust, CURL_CA_BUNDLE: trust },
      signal,
    });
  };
  const upAll = async (image: string, onEach: number): Promise<void> => {
    for (const host of hosts) {
      await up(host, { ...instances(image, onEach), ...(host === first ? proxyAt(hosts) : {}) });
    }
  };
  await upAll('testapp:v1', perHost);
  return {
    target: { addresses: [first.address], port: proxyPort, host: site },
    changes: {
      update: () => upAll('testapp:v2', perHost),
      rollback: null,
      scale: async () => {
        await upAll('testapp:v2', 1);
        await upAll('testapp:v2', perHost);
      },
      drain: null,
    },
    [Symbol.asyncDispose]: () => clearHosts(hosts),
  };
}

function instances(image: string, count: number): object {
  const entries = Array.from({ length: count }, (_one, index) => {
    const ports = [`${firstPort + index}:8080`];
    return [`web${index + 1}`, { image, ports, restart: 'unless-stopped', healthcheck }];
  });
  return Object.fromEntries(entries);
}

function proxyAt(hosts: readonly SandboxHost[]): object {
  const servers = hosts.flatMap(({ name, address }) =>
    Array.from({ length: replicas / hosts.length }, (_one, index) => {
      return `  server ${name}-${index + 1} ${address}:${firstPort + index} ${ownChecks}`;
    }),
  );
  const lines = ['backend web from ingress', '  balance roundrobin', '  option httpchk GET /ready'];
  const backends = `\n${[...lines, ...servers].join('\n')}`;
  const configuration = haproxyConfiguration({ retries, frontend: oneBackend, backends });
  const command = [
    'sh',
    '-c',
    'echo "$$CONFIGURATION" > /tmp/proxy.cfg; exec haproxy -f /tmp/proxy.cfg',
  ];
  return {
    haproxy: {
      image: proxyImage,
      command,
      environment: { CONFIGURATION: configuration },
      ports: [`${proxyPort}:${proxyPort}`],
    },
  };
}
