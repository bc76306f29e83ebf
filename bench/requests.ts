/**
 * Requests that get lost while 500 of them a second come in through a proxy: by the operator, by a swarm and by Compose,
 * behind the same proxy, one after another in one run; and what the way through the proxy costs.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Command, InvalidArgumentError } from 'commander';

import { messageOf } from '../src/model/errors.ts';
import type { Sandbox } from '../src/sandbox/sandbox.ts';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import { connectEngine } from '../src/sandbox/sandbox-host.ts';
import type { LoadTarget } from '../test/support/constant-load.ts';
import { ConstantLoad } from '../test/support/constant-load.ts';
import { loadProxyImage } from '../test/support/proxy-image.ts';
import { interruption } from './interruption.ts';
import { ensurePeers } from './peers.ts';
import type { Change, Latency, Share } from './request-report.ts';
import { latencyOf, renderRequests } from './request-report.ts';
import type { RequestSide, RequestSideName } from './request-sides.ts';
import { changeNames, requestSides } from './request-sides.ts';

interface Options {
  readonly runs: number;
  readonly sides: readonly RequestSideName[];
  readonly json?: true;
}

/** What is late is late by no more: names of instances are looked up twice a second, and a slow request takes two seconds. */
const afterMs = 4_000;
const latencyMs = 5_000;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('Give a number from 1.');
  return Number(text);
}

function parseSides(text: string): readonly RequestSideName[] {
  return text.split(',').map((name) => {
    if (name in requestSides) return name as RequestSideName;
    throw new InvalidArgumentError(`Give some of ${Object.keys(requestSides).join(', ')}.`);
  });
}

const program = new Command('bench:requests')
  .description('Count the requests that are lost in an update, a rollback, scaling and a drain.')
  .option('--runs <n>', 'rounds', parseCount, 1)
  .option('--sides <list>', 'who makes the changes', parseSides, ['ours', 'swarm', 'compose'])
  .option('--json', 'print JSON');

async function main(options: Options): Promise<void> {
  const { signal } = interruption;
  await ensurePeers(say, signal);
  const dir = await mkdtemp(join(tmpdir(), 'fleetwright-bench-'));
  try {
    await using sandbox = await startSandbox({
      hosts: 3,
      dir: join(dir, 'fleet'),
      log: say,
      signal,
    });
    await loadProxyImage(sandbox.hosts);
    const changes: Change[] = [];
    const shares: Share[] = [];
    for (let round = 1; round <= options.runs; round += 1) {
      for (const name of options.sides) {
        const folder = join(dir, `${round}-${name}`);
        await mkdir(folder);
        await using side = await requestSides[name]({ sandbox, dir: folder, signal });
        changes.push(...(await changeAll(name, side)));
        if (name === 'ours') shares.push(await compareWays(side, sandbox));
      }
    }
    const report = { changes, shares };
    process.stdout.write(
      options.json ? `${JSON.stringify(report, null, 2)}\n` : renderRequests(report),
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function changeAll(name: RequestSideName, side: RequestSide): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const change of changeNames) {
    const make = side.changes[change];
    if (make === null) continue;
    interruption.signal.throwIfAborted();
    changes.push(await underLoad(side.target, { side: name, change }, make));
  }
  return changes;
}

async function underLoad(
  target: LoadTarget,
  what: Pick<Change, 'side' | 'change'>,
  make: () => Promise<void>,
): Promise<Change> {
  const load = new ConstantLoad(target);
  const began = performance.now();
  let tookMs: number;
  try {
    await make();
    tookMs = performance.now() - began;
    await sleep(afterMs);
  } finally {
    await load[Symbol.asyncDispose]();
  }
  const { sent, failures } = load;
  const latency = latencyOf(load.takeLatencies());
  say(
    `${what.side}, ${what.change}: ${failures.length} of ${sent} lost (${failures[0] ?? 'none'})`,
  );
  return { ...what, tookMs, sent, lost: failures.length, latency };
}

/** The same load straight to an instance and through the proxy to all of them, in turn, when nothing changes. */
async function compareWays({ target }: RequestSide, { hosts }: Sandbox): Promise<Share> {
  const [host] = hosts;
  if (host === undefined) throw new Error('The sandbox has no host');
  const running = await connectEngine(host).listContainers();
  const instance = running.find(({ Image }) => Image.startsWith('testapp:'));
  const port = instance?.Ports.find(({ PublicPort }) => PublicPort !== undefined)?.PublicPort;
  if (port === undefined) throw new Error('No instance is published on the first host');
  const direct = { addresses: [host.address], port, host: target.host };
  const ways = { direct: [] as number[], proxy: [] as number[] };
  for (const way of ['direct', 'proxy', 'direct', 'proxy'] as const) {
    const load = new ConstantLoad(way === 'direct' ? direct : target);
    await sleep(latencyMs);
    await load[Symbol.asyncDispose]();
    ways[way].push(...load.takeLatencies());
  }
  const latencies: Record<keyof Share, Latency> = {
    direct: latencyOf(ways.direct),
    proxy: latencyOf(ways.proxy),
  };
  return latencies;
}

try {
  await main(program.parse().opts<Options>());
} catch (error) {
  say(messageOf(interruption.signal.aborted ? interruption.signal.reason : error));
  process.exitCode = 1;
}
