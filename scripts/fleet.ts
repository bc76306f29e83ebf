/** Brings up and takes down a fleet of real Docker Engines on this machine: `npm run fleet -- up|down`. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

import { UsageError, messageOf } from '../src/model/errors.ts';
import type { EngineChoice } from '../src/sandbox/engine-choice.ts';
import { engineChoices } from '../src/sandbox/engine-choice.ts';
import { describeSandbox, startSandbox, stopSandbox } from '../src/sandbox/sandbox.ts';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interruption.abort(new Error(`Interrupted by ${signal}`)));
}

// Whoever read our output may be gone. That must not keep us from finishing or cleaning up.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function parseHosts(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Give a number from 1 to 200.');
  return Number(text);
}

interface UpOptions {
  readonly hosts: number;
  readonly dir: string;
  readonly engine: EngineChoice;
}

async function up(options: UpOptions): Promise<void> {
  const started = Date.now();
  const sandbox = await startSandbox({ ...options, log: say, signal: interruption.signal });
  say(
    `up after ${((Date.now() - started) / 1000).toFixed(1)} s; take it down with "npm run fleet -- down --dir ${options.dir}"`,
  );
  process.stdout.write(`${JSON.stringify(describeSandbox(sandbox), null, 2)}\n`);
}

async function down(options: { readonly dir: string }): Promise<void> {
  await stopSandbox(options.dir);
  say(`nothing is left of the fleet in ${options.dir}`);
}

const program = new Command('fleet')
  .description('A fleet of real Docker Engines on this machine, for tests, demo and benchmarks.')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

program
  .command('up')
  .description('bring up a fleet, write DIR/fleet.yaml and DIR/credentials, print JSON about it')
  .requiredOption('--dir <dir>', 'folder for the fleet; made when it is not there')
  .option('--hosts <n>', 'number of hosts, 1 to 200', parseHosts, 3)
  .addOption(
    new Option('--engine <engine>', 'that of this machine, or Docker 26.1 of Debian 13')
      .choices(engineChoices)
      .default('installed'),
  )
  .action(up);

program
  .command('down')
  .description('take down the fleet, or what is left of it after a crash')
  .requiredOption('--dir <dir>', 'the folder that was given to "up"')
  .action(down);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    say(messageOf(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
