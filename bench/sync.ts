/**
 * Wall time and number of Engine calls of a first deploy of 10 replicas, of a no-op sync and of a rolling update, each beside
 * a bare script of the same API calls on the same engine in the same run.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startSandbox } from '../src/sandbox/sandbox.ts';
import { ConfigRepository } from '../test/support/config-repository.ts';
import { bareDeploy, bareList, bareRemove, bareRoll } from './bare.ts';
import { probeGate } from './bare-gate.ts';
import type { Measured } from './measure.ts';
import { median, printTable } from './measure.ts';
import { sync } from './ours.ts';

const replicas = 10;
const parallelism = 2;
const rounds = Number(process.argv[2] ?? 5);

const dir = await mkdtemp(join(tmpdir(), 'fleetwright-bench-'));
try {
  await using sandbox = await startSandbox({
    hosts: 1,
    dir: join(dir, 'fleet'),
    log: () => undefined,
  });
  const [host] = sandbox.hosts;
  if (host === undefined) throw new Error('The sandbox has no host');
  const ours: Record<'deploy' | 'noop' | 'roll', Measured[]> = { deploy: [], noop: [], roll: [] };
  const bare: Record<'deploy' | 'noop' | 'roll', Measured[]> = { deploy: [], noop: [], roll: [] };
  for (let round = 0; round < rounds; round += 1) {
    const fleet = `bench-${round}`;
    await using repository = await ConfigRepository.create(fleet, sandbox.hosts);
    await repository.write('shop/compose.yaml', manifest('testapp:v1'));
    await repository.commit('v1');
    const measure = (): Promise<Measured> => syncOnce(repository, sandbox.credentials);
    ours.deploy.push(await measure());
    ours.noop.push(await measure());
    await repository.write('shop/compose.yaml', manifest('testapp:v2'));
    await repository.commit('v2');
    ours.roll.push(await measure());
    await repository.git('rm', '-r', '--quiet', 'shop');
    await bareRemove(host, fleet);

    const job = { host, replicas, gate: probeGate(host, 50) };
    bare.deploy.push(await bareDeploy(job, 'testapp:v1'));
    bare.noop.push(await bareList(host));
    bare.roll.push(await bareRoll(job, 'testapp:v2', parallelism));
    await bareRemove(host, 'bare');
  }
  printTable(`10 replicas on one engine, parallelism ${parallelism}, median of ${rounds}`, [
    ['first deploy', median(ours.deploy), median(bare.deploy)],
    ['no-op sync', median(ours.noop), median(bare.noop)],
    ['rolling update', median(ours.roll), median(bare.roll)],
  ]);
} finally {
  await rm(dir, { recursive: true, force: true });
}

function manifest(image: string): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas, update_config: { parallelism, monitor: '0s' } },
        'x-fleetwright': {
          gate: {
            http: { port: 8080, path: '/ready', interval: '50ms' },
            minHealthyTime: '0s',
            healthyDeadline: '30s',
          },
        },
      },
    },
  };
}

async function syncOnce(repository: ConfigRepository, credentials: string): Promise<Measured> {
  const signal = AbortSignal.timeout(120_000);
  const begin = performance.now();
  const calls = await sync(repository, { credentials, signal });
  return { ms: performance.now() - begin, calls };
}
