/**
 * A rolling update on two hosts while a third one answers nothing, beside the same update while it does: `npm run
 * bench:slow-host -- --runs 3`. The third host has an application of its own, and nobody has noticed yet that its engine was
 * stopped (`unnoticed`), or it is known to be away (`away`).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startSandbox } from '../src/sandbox/sandbox.ts';
import type { Daemon } from '../test/support/command-line.ts';
import { Commands } from '../test/support/command-line.ts';
import { ConfigRepository } from '../test/support/config-repository.ts';
import { eventually } from '../test/support/eventually.ts';
import { middle } from './measure.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '3' } } });
const runs = Number(values.runs);
const cases = ['answers', 'unnoticed', 'away'] as const;

function manifest(image: string, replicas: number, constraint: string): object {
  const deploy = {
    replicas,
    placement: { constraints: [`node.hostname ${constraint}`] },
    update_config: { parallelism: 1, monitor: '1s' },
  };
  return {
    services: { web: { image, deploy, 'x-fleetwright': { gate: { minHealthyTime: '500ms' } } } },
  };
}

/** Waits until the log has a line with all these words after its first `from` characters. */
async function logged(daemon: Daemon, from: number, ...words: readonly string[]): Promise<void> {
  await eventually(words.join(' '), async () => {
    const lines = daemon.log().slice(from).split('\n');
    return lines.some((line) => words.every((word) => line.includes(word))) ? true : null;
  });
}

const dir = await mkdtemp(join(tmpdir(), 'fleetwright-bench-'));
try {
  await using sandbox = await startSandbox({ hosts: 3, dir: join(dir, 'fleet') });
  const [slow] = sandbox.hosts;
  if (slow === undefined) throw new Error('The sandbox has no host');
  await using repository = await ConfigRepository.create('bench', sandbox.hosts);
  const commands = new Commands(repository, sandbox.credentials);
  await repository.write('beside/compose.yaml', manifest('testapp:v1', 1, `== ${slow.name}`));
  await repository.write('shop/compose.yaml', manifest('testapp:v2', 4, `!= ${slow.name}`));
  await repository.commit('begin');
  const first = await commands.sync();
  if (first.code !== 0) throw new Error(first.stderr);
  await using daemon = commands.start();
  await logged(daemon, 0, 'commit accepted');
  let version = 2;
  const update = async (): Promise<number> => {
    version = 3 - version;
    const from = daemon.log().length;
    await repository.write(
      'shop/compose.yaml',
      manifest(`testapp:v${version}`, 4, `!= ${slow.name}`),
    );
    const commit = await repository.commit('update');
    const begin = performance.now();
    await logged(daemon, from, '"msg":"succeeded"', commit);
    return performance.now() - begin;
  };
  const times = new Map(cases.map((name) => [name, [] as number[]]));
  for (let run = 1; run <= runs; run += 1) {
    for (const name of cases) {
      const from = daemon.log().length;
      if (name !== 'answers') slow.freeze();
      if (name === 'away') await logged(daemon, from, slow.name, 'unreachable');
      const ms = await update();
      times.get(name)?.push(ms);
      process.stderr.write(`run ${run}, ${name}: ${ms.toFixed(0)} ms\n`);
      const after = daemon.log().length;
      if (name !== 'answers') slow.thaw();
      if (name === 'away') await logged(daemon, after, slow.name, '"msg":"connected"');
    }
  }
  const answers = middle(times.get('answers') ?? []);
  for (const [name, list] of times) {
    const ms = middle(list);
    const ratio = (ms / answers).toFixed(2);
    process.stdout.write(`${name.padEnd(10)} ${ms.toFixed(0).padStart(7)} ms  ${ratio} ×\n`);
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
