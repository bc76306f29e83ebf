import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { parse } from 'yaml';

import type { Operator as OperatorConfig } from '../generated/operator.ts';
import { validateOperator } from '../generated/validators.js';
import { UsageError, messageOf } from '../model/errors.ts';
import type { FollowedRef } from '../model/followed-ref.ts';
import { defaultHistoryBudget } from '../journal/history-book.ts';
import { parseBytes } from '../manifest/scalars/bytes.ts';
import { parseDuration } from '../manifest/scalars/duration.ts';
import type { NonFastForward } from '../reconcile/judge-head.ts';
import { normalizeFolder } from '../source/location.ts';
import type { SigningOptions } from '../source/sign-commit.ts';
import type { HttpOptions, SshOptions, SubmoduleOptions } from '../source/source-options.ts';
import { parseSubmoduleRule } from '../source/submodules/submodule-rule.ts';
import type { Receiver } from '../notify/receiver.ts';
import { receiverSettings, type Notifications } from './receiver-settings.ts';
import { refSettings } from './ref-settings.ts';
import {
  environmentName,
  flagName,
  keysOfOne,
  mergeSaid,
  saidInEnvironment,
  type Said,
} from './said.ts';
import { httpSettings, signingSettings, sshSettings } from './transport-settings.ts';
import { webhookSettings, type WebhookSettings } from './webhook-settings.ts';

/** What the operator was told, from flags, environment and `fleetwright.yaml`, in this order. */
export interface Settings {
  /** Its name among the sources of the configuration; null when that names none. */
  readonly source: string | null;
  readonly repository: string;
  /** What is followed. */
  readonly ref: FollowedRef;
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
  readonly submodules: SubmoduleOptions;
  /** Null: commits that are made are not signed. */
  readonly signing: SigningOptions | null;
  /** Null: no webhooks are listened for. */
  readonly webhooks: WebhookSettings | null;
  readonly pollIntervalMs: number;
  readonly resyncIntervalMs: number;
  /** Who is told of what happens. */
  readonly receivers: readonly Receiver[];
  /** Bytes that the history may take. */
  readonly historyBudget: number;
  /** Null: what the command takes by default. */
  readonly logLevel: LogLevel | null;
}

/** Flags as commander gives them. */
export interface SettingsFlags extends Said {
  readonly config?: string;
  readonly source?: string;
}

/** Timers count in 31 bits. */
const longestIntervalMs = 2 ** 31 - 1;

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

const defaultConfigFile = 'fleetwright.yaml';

/**
 * Of one source: the one that is named, or the only one.
 *
 * @throws UsageError when something is missing or wrong, naming where it was said
 */
export function readSettings(flags: SettingsFlags, environment: NodeJS.ProcessEnv): Settings {
  return settingsOf(onlyOne(readSources(flags, environment)));
}

/**
 * Of all sources, or of the one that is named.
 *
 * @throws UsageError as `readSettings`
 */
export function readAllSettings(
  flags: SettingsFlags,
  environment: NodeJS.ProcessEnv,
): readonly Settings[] {
  return readSources(flags, environment).map(settingsOf);
}

function settingsOf({ name, said, others, notifications }: SaidSource): Settings {
  if (said.repository === undefined) {
    throw new UsageError(
      name === null
        ? 'No repository is named: pass --repository PATH|URL, set FLEETWRIGHT_REPOSITORY, or write it into fleetwright.yaml'
        : `No repository is named for the source "${name}": write it into the configuration, in the source or outside`,
    );
  }
  const rule = parseSubmoduleRule(said.submodules ?? 'off');
  return {
    source: name,
    repository: said.repository,
    ref: refSettings(said),
    path: normalizeFolder(said.path ?? ''),
    state: stateOf({ name, said }),
    credentials: said.credentials === undefined ? null : resolve(said.credentials),
    tokenFile: said.tokenFile === undefined ? null : resolve(said.tokenFile),
    username: said.username ?? null,
    nonFastForward: nonFastForward(said.nonFastForward),
    planRequireApproved: yesOrNo('plan-require-approved', said.planRequireApproved ?? 'false'),
    http: httpSettings(said),
    ssh: sshSettings(said),
    submodules: { rule, others: rule.kind === 'below' ? others.flatMap(accessOf) : [] },
    signing: signingSettings(said),
    webhooks: webhookSettings(said),
    pollIntervalMs: duration('poll-interval', said.pollInterval ?? '30s'),
    resyncIntervalMs: duration('resync-interval', said.resyncInterval ?? '60s'),
    receivers: receiverSettings(notifications, said),
    historyBudget: historyBudget(said.historyBudget),
    logLevel: logLevel(said.logLevel),
  };
}

/** How another source reaches its repository. */
function accessOf(said: Said): SubmoduleOptions['others'] {
  const { repository, username } = said;
  if (repository === undefined) return [];
  const tokenFile = said.tokenFile === undefined ? undefined : resolve(said.tokenFile);
  return [{ repository, tokenFile, username, http: httpSettings(said), ssh: sshSettings(said) }];
}

/**
 * The state folder alone, for commands that need neither repository nor hosts.
 *
 * @throws UsageError as `readSettings`
 */
export function readStateDir(flags: SettingsFlags, environment: NodeJS.ProcessEnv): string {
  return stateOf(onlyOne(readSources(flags, environment)));
}

/** Sources share nothing: each has a journal, a key and mirrors of its own. */
function stateOf({
  name,
  said: { state = '.fleetwright' },
}: Pick<SaidSource, 'name' | 'said'>): string {
  return name === null ? resolve(state) : resolve(state, 'sources', name);
}

interface SaidSource {
  readonly name: string | null;
  readonly said: Said;
  readonly notifications: Notifications;
  /** Of the other sources. */
  readonly others: readonly Said[];
}

/** All sources, or the one that is named. */
function readSources(flags: SettingsFlags, environment: NodeJS.ProcessEnv): readonly SaidSource[] {
  const file = readConfigFile(flags.config);
  const named = flags.source ?? environment[environmentName('source')];
  const aloud = [flags, saidInEnvironment(environment)];
  const { sources, notifications: forAll = [], ...shared } = file;
  if (sources === undefined) {
    if (named === undefined) {
      const said = mergeSaid([...aloud, shared]);
      return [{ name: null, said, notifications: forAll, others: [] }];
    }
    throw new UsageError(`Cannot use the source "${named}": the configuration names no sources`);
  }
  for (const key of keysOfOne) {
    if (aloud.every((layer) => layer[key] === undefined)) continue;
    throw new UsageError(
      `Cannot use --${flagName(key)} or ${environmentName(key)}: the configuration names sources, and each says its own`,
    );
  }
  const each = Object.entries(sources).map(([name, { notifications = forAll, ...source }]) => ({
    name,
    said: mergeSaid([...aloud, source, shared]),
    notifications,
  }));
  const all = each.map((one) => {
    const others = each.filter((other) => other.name !== one.name).map((other) => other.said);
    return { ...one, others };
  });
  const chosen = named === undefined ? all : all.filter(({ name }) => name === named);
  if (chosen.length > 0) return chosen;
  throw new UsageError(`Cannot use the source "${named}": there are ${namesOf(all)}`);
}

function onlyOne(sources: readonly SaidSource[]): SaidSource {
  const [only, ...others] = sources;
  if (only !== undefined && others.length === 0) return only;
  throw new UsageError(
    `The configuration names several sources: say which one with --source, of ${namesOf(sources)}`,
  );
}

function namesOf(sources: readonly SaidSource[]): string {
  return sources.map(({ name }) => name).join(', ');
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

/** Less would hold no rollout of a large fleet. */
const leastHistory = 1024 ** 2;

function historyBudget(text: string | undefined): number {
  if (text === undefined) return defaultHistoryBudget;
  const parsed = parseBytes(text);
  if (parsed.ok && parsed.value >= leastHistory) return parsed.value;
  const why = parsed.ok ? 'it must be 1m at least' : parsed.message;
  throw new UsageError(`Cannot use --history-budget "${text}": ${why}`);
}

function duration(option: string, text: string): number {
  const parsed = parseDuration(text);
  if (parsed.ok && parsed.value > 0) return Math.min(parsed.value, longestIntervalMs);
  const why = parsed.ok ? 'it must be longer than 0' : parsed.message;
  throw new UsageError(`Cannot use --${option} "${text}": ${why}`);
}
