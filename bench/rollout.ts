/**
 * A rolling update of 10 replicas on one engine: by the operator, by `docker service update`, by `docker-compose up -d` and
 * by the bare sequence of the same API calls, in one run, round robin.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Command, InvalidArgumentError, Option } from 'commander';

import { messageOf } from '../src/model/errors.ts';
import type { Sandbox } from '../src/sandbox/sandbox.ts';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import type { SandboxHost } from '../src/sandbox/sandbox-host.ts';
import { clearHosts } from '../test/support/sandbox.ts';
import { interruption } from './interruption.ts';
import { ensurePeers, readVersions } from './peers.ts';
import { renderReport } from './rollout-text.ts';
import type { Measurement } from './rollout-report.ts';
import { toReport } from './rollout-report.ts';
import type { Side } from './sides.ts';
import { sidesAt } from './sides.ts';
import type { Roll, Workload } from './workload.ts';

interface Options {
  readonly runs: number;
  readonly parallelism: readonly number[];
  readonly gate: Workload['gate']['kind'];
  readonly interval?: number;
  readonly json?: true;
}

const replicas = 10;
const clearMs = 15_000;

/**
 * A check is a process started in the container, some 30 ms of CPU: twice a second in up to 20 containers leaves the engine
 * the room to work, and once a second would make the wait all there is to see. A request costs nothing.
 */
const defaultIntervalMs = { healthcheck: 500, probe: 50 } as const;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('Give a number from 1.');
  return Number(text);
}

function parseList(text: string): readonly number[] {
  if (!/^\d{1,2}(,\d{1,2})*$/.test(text)) {
    throw new InvalidArgumentError('Give numbers with commas between them, such as 1,2,0.');
  }
  return text.split(',').map(Number);
}

const program = new Command('bench:rollout')
  .description('Measure a rolling update beside docker service update and docker-compose.')
  .option('--runs <n>', 'measurements of each kind', parseCount, 3)
  .option('--parallelism <list>', 'replicas at once; 0: all', parseList, [1, 2, 5, 0])
  .addOption(
    new Option('--gate <kind>', 'what all sides wait for; probe: what only some can wait for')
      .choices(['healthcheck', 'probe'])
      .default('healthcheck'),
  )
  .option(
    '--interval <ms>',
    'of the HEALTHCHECK (default: 500) or the probe (default: 50)',
    parseCount,
  )
  .option('--json', 'print JSON');

async function main(options: Options): Promise<void> {
  const { signal } = interruption;
  await ensurePeers(say, signal);
  const dir = await mkdtemp(join(tmpdir(), 'fleetwright-bench-'));
  try {
    await using sandbox = await startSandbox({
      hosts: 1,
      dir: join(dir, 'fleet'),
      log: say,
      signal,
    });
    const versions = await readVersions(sandbox, signal);
    const measurements: Measurement[] = [];
    try {
      await measureAll(options, sandbox, dir, (measurement) => measurements.push(measurement));
    } finally {
      // What was measured before an interruption is worth as much as ever.
      if (measurements.length > 0) {
        const report = toReport(workloadOf(options), measurements, versions);
        const json = `${JSON.stringify(report, null, 2)}\n`;
        process.stdout.write(options.json ? json : renderReport(report));
      }
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Each side once at each parallelism, then all over again: what disturbs the machine for a while disturbs all of them. */
async function measureAll(
  options: Options,
  sandbox: Sandbox,
  dir: string,
  take: (measurement: Measurement) => void,
): Promise<void> {
  for (let round = 1; round <= options.runs; round += 1) {
    for (const parallelism of options.parallelism) {
      for (const side of sidesAt(parallelism)) {
        interruption.signal.throwIfAborted();
        const folder = join(dir, `${round}-${parallelism}-${side.name}`);
        const roll = await measureOne(side, parallelism, options, sandbox, folder);
        const ms = roll.reachedMs.toFixed(0);
        say(`run ${round}: ${side.name}, parallelism ${parallelism}: ${ms} ms`);
        take({ side: side.name, parallelism, roll });
      }
    }
  }
}

async function measureOne(
  side: Side,
  parallelism: number,
  options: Options,
  sandbox: Sandbox,
  dir: string,
): Promise<Roll> {
  const { signal } = interruption;
  const [host] = sandbox.hosts;
  if (host === undefined) throw new Error('The sandbox has no host');
  await mkdir(dir);
  const { credentials } = sandbox;
  const workload = workloadOf(options);
  const roll = await side.roll({ host, credentials, dir, workload, signal }, parallelism);
  await clear(host);
  return roll;
}

/** An engine that is busy says for a while that a network has endpoints whose containers are gone already. */
async function clear(host: SandboxHost): Promise<void> {
  const deadline = performance.now() + clearMs;
  for (;;) {
    try {
      return await clearHosts([host]);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(250);
    }
  }
}

function workloadOf({ gate, interval }: Options): Workload {
  return { replicas, gate: { kind: gate, intervalMs: interval ?? defaultIntervalMs[gate] } };
}

try {
  await main(program.parse().opts<Options>());
} catch (error) {
  say(messageOf(interruption.signal.aborted ? interruption.signal.reason : error));
  process.exitCode = 1;
}
