import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Logger } from 'pino';

import { UsageError } from '../model/errors.ts';
import type { DesiredState } from '../model/desired.ts';
import type { JournalState } from '../model/journal-state.ts';
import { renamed, type Revision } from '../model/revision.ts';
import type { InstallationKey } from '../model/sealed.ts';
import type { HostObservation, UnreachableHost } from '../model/observation.ts';
import { adoptionInterest } from '../drift/adoption-interest.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { openFleet } from '../fleet/docker-fleet.ts';
import type { JournalReader } from '../journal/journal.ts';
import { readJournal } from '../journal/open-journal.ts';
import type { LoadedRevision, Reading } from '../reconcile/load-revision.ts';
import { loadRevision } from '../reconcile/load-revision.ts';
import { readTraffic } from '../reconcile/read-traffic.ts';
import { systemClock } from '../reconcile/system-clock.ts';
import { readInstallationKey } from '../secrets/installation-key.ts';
import type { World } from '../rollout/world.ts';
import { worldOfCommit } from '../rollout/world-of-commit.ts';
import { openSource } from '../source/open-source.ts';
import type { Source } from '../source/source.ts';
import type { Settings } from './settings.ts';

/** Opens the repository. Commands keep a mirror of their own, since a daemon beside them owns the main one. */
export function openRepository(
  settings: Settings,
  logger: Logger,
  owner: 'daemon' | 'command',
): Promise<Source> {
  const { repository, ref, path, state, tokenFile, username, http, ssh, signing } = settings;
  const { submodules } = settings;
  return openSource({
    repository,
    ref,
    path,
    stateDir: owner === 'daemon' ? state : join(state, 'commands'),
    tokenFile: tokenFile ?? undefined,
    username: username ?? undefined,
    http,
    ssh,
    submodules,
    signing: signing ?? undefined,
    pollIntervalMs: settings.pollIntervalMs,
    logger,
    clock: systemClock,
  });
}

/** @param key opens the secrets that containers get */
export function openHosts(
  settings: Pick<Settings, 'credentials' | 'resyncIntervalMs'>,
  logger: Logger,
  key: InstallationKey,
): Fleet {
  const { credentials, resyncIntervalMs } = settings;
  if (credentials !== null && !existsSync(credentials)) {
    throw new UsageError(`Cannot use --credentials "${credentials}": there is no such folder`);
  }
  return openFleet({
    credentialsDir: credentials,
    key,
    logger,
    clock: systemClock,
    resyncMs: resyncIntervalMs,
  });
}

/** One look at all hosts that a commit names, on connections of its own. */
export async function lookOnce(
  settings: Pick<Settings, 'credentials' | 'resyncIntervalMs'>,
  logger: Logger,
  key: InstallationKey,
  desired: DesiredState,
  state: JournalState,
  signal: AbortSignal,
): Promise<World['observations']> {
  await using fleet = openHosts(settings, logger, key);
  fleet.configure(desired.fleet, adoptionInterest(desired.applications, state));
  await fleet.refresh(signal);
  return fleet.snapshot();
}

/** How a command reads commits beside a daemon. */
export function readingOf({ path, state }: Settings): Reading {
  return { path, key: readInstallationKey(state), cache: new Map() };
}

/** The live fleet as a command sees it beside a daemon: observed now, never changed. */
export interface Live extends AsyncDisposable {
  readonly loaded: LoadedRevision;
  readonly source: Source;
  readonly journal: JournalReader;
  readonly observations: readonly HostObservation[];
  /** Null when the revision is invalid. */
  readonly world: World | null;
}

/**
 * Reads a revision (the head of what is followed when none is named) and observes the hosts that it names.
 *
 * @throws what the source throws
 */
export async function observeLive(
  settings: Settings,
  logger: Logger,
  revision: string | Revision | null,
  signal: AbortSignal,
): Promise<Live> {
  const source = await openRepository(settings, logger, 'command');
  const journal = readJournal(settings.state);
  const reading = readingOf(settings);
  const fleet = openHosts(settings, logger, reading.key);
  const close = async (): Promise<void> => {
    journal[Symbol.dispose]();
    await fleet[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();
  };
  try {
    const head = await find(source, revision, signal);
    const loaded = await loadRevision(source, head, reading, signal);
    const world =
      loaded.kind === 'valid' ? await observe(loaded.desired, fleet, journal, signal) : null;
    const observations = [...(world?.observations.values() ?? [])];
    return { loaded, source, journal, observations, world, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A commit in force keeps the name under which it was accepted. */
async function find(
  source: Source,
  revision: string | Revision | null,
  signal: AbortSignal,
): Promise<Revision> {
  if (revision === null) return source.head(signal);
  if (typeof revision === 'string') return source.resolve(revision, signal);
  return renamed(await source.resolve(revision.commit, signal), revision);
}

async function observe(
  desired: DesiredState,
  fleet: Fleet,
  journal: JournalReader,
  signal: AbortSignal,
): Promise<World> {
  const state = journal.state();
  fleet.configure(desired.fleet, adoptionInterest(desired.applications, state));
  await fleet.refresh(signal);
  const observations = fleet.snapshot();
  const seen = { desired, observations, journal: state };
  const traffic = await readTraffic(fleet, seen, systemClock, signal);
  return worldOfCommit(desired, observations, state, systemClock.now(), traffic);
}

export function unreachableHosts(
  observations: Iterable<HostObservation>,
): readonly UnreachableHost[] {
  return [...observations].filter((observation) => observation.kind === 'unreachable');
}
