import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { parse } from 'yaml';

import type { Operator as OperatorConfig } from '../generated/operator.ts';
import { validateOperator } from '../generated/validators.js';
import { UsageError, messageOf } from '../model/errors.ts';
import { parseDuration } from '../manifest/scalars/duration.ts';
import type { NonFastForward } from '../reconcile/judge-head.ts';
import { normalizeFolder } from '../source/location.ts';
import type { HttpOptions, SshOptions } from '../source/source-options.ts';
import { httpSettings, sshSettings } from './transport-settings.ts';

/** What the operator was told, from flags, environment and `fleetwright.yaml`, in this order. */
export interface Settings {
  readonly repository: string;
  readonly branch: string;
  readonly path: string;
  readonly state: string;
  readonly credentials: string | null;
  readonly tokenFile: string | null;
  readonly username: string | null;
  readonly nonFastForward: NonFastForward;
  /** Only commits whose plan is approved are taken into force. */
  readonly planRequireApproved: boolean;
  readonly http: HttpOptions;
  readonly ssh: SshOptions;
  readonly pollIntervalMs: number;
  readonly resyncIntervalMs: number;
  /** Null: what the command takes by default. */
  readonly logLevel: LogLevel | null;
}

/** Flags as commander gives them. */
export interface SettingsFlags extends Partial<Record<keyof OperatorConfig, string>> {
  readonly config?: string;
}

/** Timers count in 31 bits. */
const longestIntervalMs = 2 ** 31 - 1;

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

const defaultConfigFile = 'fleetwright.yaml';

const keys = [
  'repository',
  'branch',
  'path',
  'state',
  'credentials',
  'tokenFile',
  'username',
  'nonFastForward',
  'planRequireApproved',
  'tokenScheme',
  'githubAppId',
  'githubInstallationId',
  'githubAppKeyFile',
  'githubApiUrl',
  'caFile',
  'clientCertFile',
  'clientKeyFile',
  'proxy',
  'proxyCredentialsFile',
  'proxyBypass',
  'sshKeyFile',
  'sshPassphraseFile',
  'sshAgent',
  'knownHostsFile',
  'pollInterval',
  'resyncInterval',
  'logLevel',
] as const satisfies readonly (keyof OperatorConfig)[];

/** @throws UsageError when something is missing or wrong, naming where it was said */
export function readSettings(flags: SettingsFlags, environment: NodeJS.ProcessEnv): Settings {
  const said = readSaid(flags, environment);
  if (said.repository === undefined) {
    throw new UsageError(
      'No repository is named: pass --repository PATH|URL, set FLEETWRIGHT_REPOSITORY, or write it into fleetwright.yaml',
    );
  }
  return {
    repository: said.repository,
    branch: said.branch ?? 'main',
    path: normalizeFolder(said.path ?? ''),
    state: stateOf(said),
    credentials: said.credentials === undefined ? null : resolve(said.credentials),
    tokenFile: said.tokenFile === undefined ? null : resolve(said.tokenFile),
    username: said.username ?? null,
    nonFastForward: nonFastForward(said.nonFastForward),
    planRequireApproved: yesOrNo('plan-require-approved', said.planRequireApproved ?? 'false'),
    http: httpSettings(said),
    ssh: sshSettings(said),
    pollIntervalMs: duration('poll-interval', said.pollInterval ?? '30s'),
    resyncIntervalMs: duration('resync-interval', said.resyncInterval ?? '60s'),
    logLevel: logLevel(said.logLevel),
  };
}

/**
 * The state folder alone, for commands that need neither repository nor hosts.
 *
 * @throws UsageError as `readSettings`
 */
export function readStateDir(flags: SettingsFlags, environment: NodeJS.ProcessEnv): string {
  return stateOf(readSaid(flags, environment));
}

function stateOf({ state = '.fleetwright' }: Said): string {
  return resolve(state);
}

/** What each key was said to be, by whoever comes first. */
export type Said = Partial<Record<keyof OperatorConfig, string>>;

function readSaid(flags: SettingsFlags, environment: NodeJS.ProcessEnv): Said {
  const file = readConfigFile(flags.config);
  const said: Said = {};
  for (const key of keys) {
    const value = flags[key] ?? environment[environmentName(key)] ?? file[key];
    if (value !== undefined) said[key] = String(value);
  }
  return said;
}

/** `FLEETWRIGHT_TOKEN_FILE` for `tokenFile`. */
export function environmentName(key: string): string {
  return `FLEETWRIGHT_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function readConfigFile(named: string | undefined): OperatorConfig {
  const file = named ?? defaultConfigFile;
  if (named === undefined && !existsSync(file)) return {};
  let config: unknown;
  try {
    config = parse(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    throw new UsageError(`Cannot read the configuration "${file}": ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (!validateOperator(config)) {
    const [first] = validateOperator.errors ?? [];
    const where = first?.instancePath === '' ? '' : ` at ${first?.instancePath ?? ''}`;
    const extra = String(first?.params['additionalProperty'] ?? '');
    const what = extra === '' ? (first?.message ?? 'is not valid') : `does not know "${extra}"`;
    throw new UsageError(
      `The configuration "${file}"${where} ${what}; see: fleetwright schema operator`,
    );
  }
  return config as OperatorConfig;
}

function nonFastForward(text = 'refuse'): NonFastForward {
  if (text === 'refuse' || text === 'allow') return text;
  throw new UsageError(`Cannot use --non-fast-forward "${text}": it is refuse or allow`);
}

function yesOrNo(option: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new UsageError(`Cannot use --${option} "${text}": it is true or false`);
}

function logLevel(text: string | undefined): LogLevel | null {
  if (text === undefined) return null;
  const level = logLevels.find((known) => known === text);
  if (level !== undefined) return level;
  throw new UsageError(`Cannot use --log-level "${text}": it is one of ${logLevels.join(', ')}`);
}

function duration(option: string, text: string): number {
  const parsed = parseDuration(text);
  if (parsed.ok && parsed.value > 0) return Math.min(parsed.value, longestIntervalMs);
  const why = parsed.ok ? 'it must be longer than 0' : parsed.message;
  throw new UsageError(`Cannot use --${option} "${text}": ${why}`);
}
