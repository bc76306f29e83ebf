import type { Logger } from 'pino';

import { adoptionInterest } from '../drift/adoption-interest.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { JournalReader } from '../journal/journal.ts';
import { readJournal } from '../journal/open-journal.ts';
import type { DesiredState } from '../model/desired.ts';
import { messageOf } from '../model/errors.ts';
import { renamed, type Revision } from '../model/revision.ts';
import type { LoadedRevision } from '../reconcile/load-revision.ts';
import { loadRevision } from '../reconcile/load-revision.ts';
import { systemClock as clock } from '../reconcile/system-clock.ts';
import type { TrafficWatch } from '../reconcile/traffic-watch.ts';
import { decide, type Decision } from '../rollout/decide.ts';
import type { World } from '../rollout/world.ts';
import { asMeasured, worldOfCommit } from '../rollout/world-of-commit.ts';
import type { GateWatch } from './gate-watch.ts';
import { openRepository, readingOf } from './live.ts';
import type { Output } from './output.ts';
import { reportRefused } from './report-problems.ts';
import type { Settings } from './settings.ts';

/** The fleet as it was seen at one moment. */
export interface Seen {
  readonly world: World;
  readonly decision: Decision;
  readonly journal: JournalReader;
  /** What keeps it from being of the commit in force; empty when nothing does. */
  readonly note: string;
}

interface ViewParts {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly fleet: Fleet;
  readonly gates: GateWatch;
  readonly traffic: TrafficWatch;
  readonly output: Output;
}

/** The fleet under the commit in force, which is read again when the journal names another one. */
export class FleetView implements Disposable {
  readonly #parts: ViewParts;
  #journal: JournalReader;
  #desired: DesiredState | null = null;

  constructor(parts: ViewParts) {
    this.#parts = parts;
    this.#journal = readJournal(parts.settings.state);
  }

  /** Takes up the commit in force, or the head of the branch where none is yet, and observes the hosts. */
  async open(signal: AbortSignal): Promise<'opened' | 'refused'> {
    const { output } = this.#parts;
    const loaded = await this.#load(this.#journal.accepted(), signal);
    if (loaded.kind === 'invalid') {
      reportRefused(output, loaded.revision, loaded.diagnostics);
      return 'refused';
    }
    await this.#follow(loaded.desired, signal);
    return 'opened';
  }

  async look(signal: AbortSignal): Promise<Seen> {
    const note = await this.#catchUp(signal);
    const desired = this.#desired;
    if (desired === null) throw new Error('look() is called before open()');
    const { fleet, gates, traffic } = this.#parts;
    const [observations, journal] = [fleet.snapshot(), this.#journal.state()];
    const told = traffic.see({ desired, observations, journal });
    const seen = worldOfCommit(desired, observations, journal, clock.now(), told);
    const world = gates.see(asMeasured(seen));
    return { world, decision: decide(world), journal: this.#journal, note };
  }

  async #catchUp(signal: AbortSignal): Promise<string> {
    // A journal that was not there yet is there when the first operator has begun it.
    if (this.#journal.accepted() === null) this.#reopen();
    const accepted = this.#journal.accepted();
    if (accepted === null || accepted.commit === this.#desired?.revision.commit) return '';
    try {
      const loaded = await this.#load(accepted, signal);
      if (loaded.kind === 'invalid') return cannotRead(accepted.commit, 'it is not valid here');
      await this.#follow(loaded.desired, signal);
      return '';
    } catch (error) {
      return cannotRead(accepted.commit, messageOf(error));
    }
  }

  /** Reads a commit, or the head. The mirror is left to other commands in between. */
  async #load(accepted: Revision | null, signal: AbortSignal): Promise<LoadedRevision> {
    const { settings, logger } = this.#parts;
    await using source = await openRepository(settings, logger, 'command');
    const revision =
      accepted === null
        ? await source.head(signal)
        : renamed(await source.resolve(accepted.commit, signal), accepted);
    return await loadRevision(source, revision, readingOf(settings), signal);
  }

  /** Hosts are looked at once for each commit; after that they tell of changes. */
  async #follow(desired: DesiredState, signal: AbortSignal): Promise<void> {
    const { fleet } = this.#parts;
    this.#desired = desired;
    const interest = adoptionInterest(desired.applications, this.#journal.state());
    fleet.configure(desired.fleet, interest);
    await fleet.refresh(signal);
  }

  #reopen(): void {
    this.#journal[Symbol.dispose]();
    this.#journal = readJournal(this.#parts.settings.state);
  }

  [Symbol.dispose](): void {
    this.#journal[Symbol.dispose]();
  }
}

function cannotRead(commit: string, why: string): string {
  return `Cannot read the commit in force, ${commit.slice(0, 12)}: ${why}; shown is the one before`;
}
