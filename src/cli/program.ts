import { Command, CommanderError, Option } from 'commander';
import type { Logger } from 'pino';

import { messageOf } from '../model/errors.ts';
import type { HostRequestKind } from '../model/request.ts';
import { hostRequestKinds, isHostRequest, requestKinds } from '../model/request.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode, exitCodeOf } from './exit-code.ts';
import { createLogger } from './logger.ts';
import type { HistoryFlags } from './history.ts';
import type { ImportFlags } from './import.ts';
import type { GlobalFlags, Output } from './output.ts';
import { createOutput, formats } from './output.ts';
import {
  parseCommit,
  parseInterval,
  parseLimit,
  parseMoves,
  parseTime,
  parseTimeout,
} from './option-values.ts';
import type { RequestFlags } from './request.ts';
import type { DriftCommandFlags } from './drift-command.ts';
import type { RollbackFlags } from './rollback.ts';
import type { LogLevel, Settings, SettingsFlags } from './settings.ts';
import { readAllSettings, readSettings, readStateDir } from './settings.ts';
import { version } from './version.ts';
import type { WatchFlags } from './watch-fleet.ts';

/** What a command of a live fleet gets. */
interface LiveArguments {
  readonly settings: Settings;
  readonly output: Output;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Parses the command line, runs the command and gives its exit code. Commands are loaded when they are called, so that
 * `validate` does not wait for a Docker client.
 */
export async function main(argv: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  let code: ExitCode = exitCode.done;
  const program = createProgram(signal, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCode.done : exitCode.usage;
    process.stderr.write(`${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

/** All commands with their options. */
export function createProgram(signal: AbortSignal, finish: (code: ExitCode) => void): Command {
  const program = new Command('fleetwright')
    .description('GitOps reconciliation operator for fleets of plain Docker hosts')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(fleetwright --help lists the commands)')
    .addOption(
      new Option(
        '-o, --output <format>',
        'text for people, json by schema, or another form that the command has',
      )
        .choices(formats)
        .default('text'),
    )
    .option('--no-color', 'no colour, also on a terminal')
    .option('-q, --quiet', 'no progress on stderr')
    .option('-v, --verbose', 'more progress, notes and debug logs on stderr');
  const output = (command: Command): Output =>
    createOutput(program.opts<GlobalFlags>(), command.name());

  program
    .command('validate')
    .description('check manifests on disk, without Docker')
    .argument('[path]', 'a folder or one manifest', '.')
    .action(async (path: string, _flags: unknown, command: Command) => {
      const { validate } = await import('./validate.ts');
      finish(await validate(path, output(command)));
    });
  program
    .command('schema')
    .description('print a JSON Schema, or the names of all')
    .argument('[name]', 'its name: without one, all names are printed')
    .action(async (name: string | undefined, _flags: unknown, command: Command) => {
      const { schema } = await import('./schema.ts');
      finish(await schema(name, output(command)));
    });
  program
    .command('demo')
    .description('show a deploy, a failed rollout, a revert and drift on real engines')
    .option('--engine', 'use the Docker Engine that DOCKER_HOST names instead of own ones')
    .action(async (flags: { readonly engine?: boolean }, command: Command) => {
      const { demo } = await import('../demo/demo.ts');
      finish(await demo({ engine: flags.engine === true }, output(command), signal));
    });

  const loggerOf = (settings: Settings | undefined, defaultLevel: LogLevel): Logger => {
    const isVerbose = program.opts<GlobalFlags>().verbose === true;
    return createLogger(isVerbose ? 'debug' : (settings?.logLevel ?? defaultLevel));
  };
  const live = (command: Command, defaultLevel: LogLevel): LiveArguments => {
    const settings = readSettings(command.opts<SettingsFlags>(), process.env);
    return { settings, output: output(command), logger: loggerOf(settings, defaultLevel), signal };
  };
  /** A command that needs neither a repository nor a state folder. */
  const alone = (command: Command): Omit<LiveArguments, 'settings'> => {
    return { output: output(command), logger: loggerOf(undefined, 'error'), signal };
  };
  liveCommand(program, 'plan', 'show what would change on the live fleet, and why')
    .option('--revision <rev>', 'a commit, branch, tag or other ref instead of the head')
    .option('--exit-code', 'exit with 1 when there is a difference')
    .action(async (flags: { revision?: string; exitCode?: boolean }, command: Command) => {
      const { settings, output: out, logger } = live(command, 'error');
      const { plan } = await import('./plan.ts');
      finish(await plan(settings, flags, out, logger, signal));
    });
  liveCommand(program, 'sync', 'bring the fleet to the head, then exit')
    .option('--timeout <duration>', 'give up after this long (default: 10m)', parseTimeout)
    .option('--approve-prune <commits...>', 'approve held deletions of these commits', parseCommit)
    .action(async (flags: { timeout?: number; approvePrune?: string[] }, command: Command) => {
      const { settings, output: out, logger } = live(command, 'silent');
      const { sync } = await import('./sync.ts');
      const { timeout: timeoutMs = 600_000, approvePrune = [] } = flags;
      finish(await sync(settings, { timeoutMs, approvePrune }, out, logger, signal));
    });
  liveCommand(
    program,
    'run',
    'follow the repository and keep the fleet as it asks; all sources, unless one is named',
  ).action(async (_flags: unknown, command: Command) => {
    const sources = readAllSettings(command.opts<SettingsFlags>(), process.env);
    const { run } = await import('./run.ts');
    finish(await run(sources, loggerOf(sources[0], 'info'), signal));
  });
  liveCommand(program, 'status', 'show how applications and hosts stand')
    .option('--watch', 'show it again and again until it is interrupted')
    .option('--interval <duration>', 'how often, with --watch (default: 2s)', parseInterval)
    .action(async (flags: WatchFlags, command: Command) => {
      const { settings, output: out, logger } = live(command, 'error');
      if (flags.watch === true) {
        const { watchedStatus } = await import('./watch-status.ts');
        const { watchFleet } = await import('./watch-fleet.ts');
        finish(await watchFleet(settings, flags, watchedStatus, out, logger, signal));
        return;
      }
      const { status } = await import('./status.ts');
      finish(await status(settings, out, logger, signal));
    });
  liveCommand(program, 'hosts', 'show what hosts have, and what is placed on them').action(
    async (_flags: object, command: Command) => {
      const { settings, output: out, logger } = live(command, 'error');
      const { hosts } = await import('./hosts.ts');
      finish(await hosts(settings, out, logger, signal));
    },
  );
  liveCommand(
    program,
    'unmanaged',
    'show what is on the hosts and nothing in the repository asks for',
  ).action(async (_flags: object, command: Command) => {
    const { settings, output: out, logger } = live(command, 'error');
    const { unmanaged } = await import('./unmanaged.ts');
    finish(await unmanaged(settings, out, logger, signal));
  });
  liveCommand(program, 'drift', 'show how the fleet differs from the commit in force')
    .option('--exit-code', 'exit with 1 when there is open drift')
    .option('--application <name>', 'only of this application')
    .option('--host <name>', 'only on this host')
    .option('--since <duration>', 'only what came, or was put right, within this time', parseTime)
    .option('--to-branch <name>', 'commit what was changed by hand to this branch')
    .option('--message <text>', 'with --to-branch: why, for the commit message')
    .option('--author <name>', 'with --to-branch: "Name <address>" of the commit')
    .option('--dry-run', 'with --to-branch: show what would be committed')
    .option('--watch', 'show it again and again until it is interrupted')
    .option('--interval <duration>', 'how often, with --watch (default: 2s)', parseInterval)
    .action(async (flags: DriftCommandFlags, command: Command) => {
      const { settings, output: out, logger } = live(command, 'error');
      const { driftCommand } = await import('./drift-command.ts');
      finish(await driftCommand(settings, flags, out, logger, signal));
    });
  stateCommand(
    program,
    'history [application]',
    'show what happened, by whose word, and what came of it',
  )
    .option('--host <name>', 'only on this host')
    .option('--since <duration>', 'only what happened within this time', parseTime)
    .option('--limit <number>', 'at most so many entries (default: 50)', parseLimit)
    .option('--before <place>', 'what stands below: "next" of the document before')
    .option('--steps', 'also each step')
    .action(async (application: string | undefined, flags: HistoryFlags, command: Command) => {
      const stateDir = readStateDir(command.opts<SettingsFlags>(), process.env);
      const { history } = await import('./history.ts');
      finish(history(application, stateDir, flags, output(command)));
    });
  liveCommand(program, 'why <target>', 'show why something runs as it does, and what it waits for')
    .addHelpText(
      'after',
      '\nTARGET: a container by name or id, APP, APP/SERVICE or APP/SERVICE/SLOT',
    )
    .action(async (target: string, _flags: object, command: Command) => {
      const { settings, output: out, logger } = live(command, 'error');
      const { why } = await import('./why.ts');
      finish(await why(target, settings, out, logger, signal));
    });
  liveCommand(program, 'rollback <application>', "commit an application's former version")
    .option('--to <rev>', 'the version of this commit (default: last-known-good)')
    .option('--message <text>', 'why, for the commit message')
    .option('--author <name>', 'author as "Name <address>" (or FLEETWRIGHT_AUTHOR)')
    .option('--dry-run', 'show what would be committed')
    .action(async (application: string, flags: RollbackFlags, command: Command) => {
      const { settings, output: out, logger } = live(command, 'error');
      const { rollback } = await import('./rollback.ts');
      finish(await rollback(application, settings, flags, out, logger, signal));
    });
  liveCommand(program, 'import', 'write manifests from what runs on a host')
    .requiredOption('--to <dir>', 'folder that gets a folder per application')
    .option('--host <name>', 'a host of the fleet (default: the only one)')
    .option('--endpoint <url>', 'an engine that is in no fleet: unix:///path/to/docker.sock')
    .option('--project <names...>', 'Compose projects (default: all)')
    .option('--container <names...>', 'single containers, each an application of its own')
    .action(async (flags: ImportFlags, command: Command) => {
      const { importFromHost } = await import('./import.ts');
      const isAlone = flags.endpoint !== undefined;
      const named = isAlone ? null : live(command, 'error');
      const { output: out, logger } = named ?? alone(command);
      finish(await importFromHost(named?.settings ?? null, flags, out, logger, signal));
    });
  liveCommand(program, 'adopt <application>', 'take on the containers that a manifest names')
    .option('--yes', 'do not ask')
    .option('--replace', 'also take on those that differ, and replace them')
    .option('--by <name>', 'who asks (default: USER@MACHINE)')
    .option('--wait <duration>', 'how long to wait for the answer (default: 10s)', parseTimeout)
    .action(async (application: string, flags: AdoptOptions, command: Command) => {
      const { settings, output: out, logger } = live(command, 'error');
      const { adopt } = await import('./adopt.ts');
      const { yes = false, replace = false } = flags;
      const asked = { ...requestFlags(flags), yes, replace };
      finish(await adopt(application, settings, asked, out, logger, signal));
    });
  liveCommand(program, 'rebalance', 'move slots from hosts that have more to those that have less')
    .option('--max-moves <number>', 'how many slots at most (default: 10)', parseMoves)
    .option('--application <name>', 'of this application only')
    .option('--yes', 'do not ask')
    .option('--by <name>', 'who asks (default: USER@MACHINE)')
    .option('--wait <duration>', 'how long to wait for the answer (default: 10s)', parseTimeout)
    .action(async (flags: RebalanceOptions, command: Command) => {
      const { settings, output: out, logger } = live(command, 'error');
      const { rebalance } = await import('./rebalance.ts');
      const { yes = false, application = '', maxMoves } = flags;
      const limit = maxMoves === undefined ? {} : { maxMoves };
      const asked = { ...requestFlags(flags), ...limit, yes, application };
      finish(await rebalance(settings, asked, out, logger, signal));
    });
  liveCommand(program, 'notify', 'see whether a receiver of notifications can be told')
    .requiredOption('--test <name>', 'send a test notice to this receiver of the configuration')
    .action(async (flags: { readonly test: string }, command: Command) => {
      const { settings, output: out } = live(command, 'error');
      const { notify } = await import('./notify.ts');
      finish(await notify(settings, flags.test, out, signal));
    });
  const volume = program.command('volume').description('list and remove volumes of the fleet');
  liveCommand(volume, 'ls', 'show the named volumes of the fleet').action(
    async (_flags: object, command: Command) => {
      const { settings, output: out, logger } = live(command, 'error');
      const { listVolumes } = await import('./volumes.ts');
      finish(await listVolumes(settings, out, logger, signal));
    },
  );
  requestCommand(volume, 'rm', 'remove a volume, with its data, that nothing has or wants')
    .argument('<host/name>', 'as "volume ls" shows it')
    .option('--yes', 'its data may be lost')
    .action(
      async (subject: string, flags: RequestOptions & { yes?: boolean }, command: Command) => {
        const stateDir = readStateDir(command.opts<SettingsFlags>(), process.env);
        const { removeVolume } = await import('./volumes.ts');
        const asked = { ...requestFlags(flags), yes: flags.yes === true };
        finish(await removeVolume(subject, stateDir, asked, output(command), signal));
      },
    );
  for (const kind of [...requestKinds, ...hostRequestKinds]) {
    requestCommand(program, kind, requestDescriptions[kind])
      .argument(isHostRequest(kind) ? '<host>' : '<application>', 'its name')
      .action(async (subject: string, flags: RequestOptions, command: Command) => {
        const stateDir = readStateDir(command.opts<SettingsFlags>(), process.env);
        const { request } = await import('./request.ts');
        const out = output(command);
        finish(await request(kind, subject, stateDir, requestFlags(flags), out, signal));
      });
  }
  return program;
}

interface RequestOptions {
  readonly by?: string;
  readonly wait?: number;
}

interface AdoptOptions extends RequestOptions {
  readonly yes?: boolean;
  readonly replace?: boolean;
}

interface RebalanceOptions extends RequestOptions {
  readonly maxMoves?: number;
  readonly application?: string;
  readonly yes?: boolean;
}

function requestFlags({ by, wait: waitMs = 10_000 }: RequestOptions): RequestFlags {
  return { ...(by === undefined ? {} : { by }), waitMs };
}

const requestDescriptions: Readonly<
  Record<(typeof requestKinds)[number] | HostRequestKind, string>
> = {
  promote: 'let the canaries of an application take over',
  abort: 'give up the rollout under way and go back',
  retry: 'try a failed revision once more',
  suspend: 'change and heal nothing of an application until it is resumed',
  resume: 'take up a suspended application again',
  fence: 'say that a host is down: what may run elsewhere is made there',
  unfence: 'let a fenced host be used again',
};

/** A command that asks the operator of a state folder for something. */
function requestCommand(parent: Command, name: string, description: string): Command {
  return stateCommand(parent, name, description)
    .option('--by <name>', 'who asks (default: USER@MACHINE)')
    .option('--wait <duration>', 'how long to wait for the answer (default: 10s)', parseTimeout);
}

/** A command that needs the state folder of the operator and nothing else. */
function stateCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'configuration (default: fleetwright.yaml, if it is there)')
    .option('-s, --state <dir>', 'state folder of the operator (default: .fleetwright)')
    .option('--source <name>', 'one of the sources that the configuration names');
}

/** A command with the options that name the repository and the fleet. */
function liveCommand(program: Command, name: string, description: string): Command {
  const command = program
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'configuration (default: fleetwright.yaml, if it is there)')
    .option('--source <name>', 'one of the sources that the configuration names')
    .option('-r, --repository <url|path>', 'Git repository with the manifests')
    .option('-b, --branch <name>', 'branch to follow (default: main)')
    .option('--tag <name>', 'or: tag to follow')
    .option('--semver <range>', 'or: range of versions, whose highest tag is followed')
    .option('--tag-prefix <text>', 'what stands before the version in tags, with --semver')
    .option('--commit <id>', 'or: the commit to keep to')
    .option('-p, --path <folder>', 'folder with fleet.yaml (default: the root)')
    .option('-s, --state <dir>', 'folder for journal and mirrors (default: .fleetwright)')
    .option('--credentials <dir>', 'folder with ca.pem, cert.pem, key.pem per host')
    .option('--token-file <file>', 'token for an http(s) repository')
    .option('--username <name>', 'user name that goes with the token')
    .option('--non-fast-forward <policy>', 'what was rewritten or moved: refuse (default) or allow')
    .option('--plan-require-approved <bool>', 'follow only approved plans: true or false')
    .option('--ssh-key-file <file>', 'private key for a repository over SSH')
    .option('--known-hosts-file <file>', 'keys of SSH servers that are trusted')
    .option('--poll-interval <duration>', 'how often a remote repository is asked (default: 30s)')
    .option('--resync-interval <duration>', 'how often hosts are listed in full (default: 60s)')
    .option('--log-level <level>', 'debug, info, warn, error or silent');
  // Every key of the configuration is a flag; those few need are not in the way of all others.
  for (const flag of rareFlags) command.addOption(new Option(flag).hideHelp());
  return command.addHelpText(
    'after',
    '\nMore options for repositories and webhooks: docs/configuration.md',
  );
}

const rareFlags = [
  '--token-scheme <scheme>',
  '--github-app-id <id>',
  '--github-installation-id <id>',
  '--github-app-key-file <file>',
  '--github-api-url <url>',
  '--ca-file <file>',
  '--client-cert-file <file>',
  '--client-key-file <file>',
  '--proxy <url>',
  '--proxy-credentials-file <file>',
  '--proxy-bypass <hosts>',
  '--ssh-passphrase-file <file>',
  '--ssh-agent <socket>',
  '--submodules <off|same-host|urls>',
  '--signing-key-file <file>',
  '--signing-passphrase-file <file>',
  '--listen <address>',
  '--webhook-secret-file <file>',
  '--history-budget <bytes>',
] as const;
