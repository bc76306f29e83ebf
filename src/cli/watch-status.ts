import type { Logger } from 'pino';

import type { Status } from '../generated/status.ts';
import { pause } from '../fleet/deadline.ts';
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
import { TrafficWatch } from '../reconcile/traffic-watch.ts';
import { Wake } from '../reconcile/wake.ts';
import { renderStatus } from '../report/render-status.ts';
import { statusDocument } from '../report/status-document.ts';
import { decide } from '../rollout/decide.ts';
import { worldOfCommit } from '../rollout/world-of-commit.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { GateWatch } from './gate-watch.ts';
import { openHosts, openRepository, readingOf } from './live.ts';
import type { Output } from './output.ts';
import { reportRefused } from './report-problems.ts';
import { Screen } from './screen.ts';
import type { Settings } from './settings.ts';

/** The least time between two looks, so that a burst of events is one. */
const restMs = 100;

/**
 * `fleetwright status --watch`: the status again and again, drawn in place on a terminal, else as one JSON document a line for
 * each change. Git is read once for each commit in force, and the hosts tell of changes themselves.
 */
export async function watchStatus(
  settings: Settings,
  intervalMs: number,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using fleet = openHosts(settings, logger, readingOf(settings).key);
  const wake = new Wake(clock);
  using gates = new GateWatch(clock, () => wake.call());
  using traffic = new TrafficWatch({ clock, fleet, onChange: () => wake.call() });
  using view = new StatusView({ settings, logger, fleet, gates, traffic, output });
  if ((await view.open(signal)) === 'refused') return exitCode.negative;
  fleet.subscribe(() => wake.call());
  const stop = AbortSignal.any([signal, readerGone()]);
  using display =
    output.format === 'text' && process.stdout.isTTY ? onScreen(output) : asLines(output);
  while (!stop.aborted) {
    const [document, note] = await view.look(signal);
    display.show(document, note);
    await pause(clock, restMs, stop);
    await wake.sleep(intervalMs, stop);
  }
  return exitCode.done;
}

/** Aborted when whoever reads the output has left, as `head` does when it has enough. */
function readerGone(): AbortSignal {
  const gone = new AbortController();
  process.stdout.on('error', () => gone.abort());
  return gone.signal;
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
class StatusView implements Disposable {
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

  /** The status now, and what keeps it from being of the commit in force; empty when nothing does. */
  async look(signal: AbortSignal): Promise<readonly [Status, string]> {
    const note = await this.#catchUp(signal);
    const desired = this.#desired;
    if (desired === null) throw new Error('look() is called before open()');
    const { fleet, gates, traffic } = this.#parts;
    const [observations, journal] = [fleet.snapshot(), this.#journal.state()];
    const told = traffic.see({ desired, observations, journal });
    const world = gates.see(worldOfCommit(desired, observations, journal, clock.now(), told));
    const document = statusDocument({
      revision: desired.revision,
      rejected: this.#journal.rejected(),
      receivers: this.#journal.receivers(),
      decision: decide(world),
      observations: world.observations.values(),
      steps: 0,
      durationMs: 0,
      now: world.now,
    });
    return [document, note];
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

interface Display extends Disposable {
  show(document: Status, note: string): void;
}

/** Leaves the last picture behind. */
function onScreen({ style, verbose }: Output): Display {
  const screen = new Screen(process.stdout);
  let last = '';
  return {
    show: (document, note) => {
      last = renderStatus(document, style, verbose);
      const text = note === '' ? last : `${style.yellow(note)}\n\n${last}`;
      screen.draw(text.split('\n'));
    },
    [Symbol.dispose]: () => {
      screen[Symbol.dispose]();
      process.stdout.write(`${last}\n`);
    },
  };
}

function asLines(output: Output): Display {
  let before = '';
  let noted = '';
  return {
    show: (document, note) => {
      if (note !== '' && note !== noted) output.error(note);
      noted = note;
      const now = JSON.stringify(document, withoutTimes);
      if (now !== before) output.data(JSON.stringify(document));
      before = now;
    },
    [Symbol.dispose]: () => undefined,
  };
}

const times = ['generatedAt', 'until', 'progressDeadlineAt'];

/** That time goes by, or that something is put off, is no change. */
function withoutTimes(key: string, value: unknown): unknown {
  return times.includes(key) ? undefined : value;
}
