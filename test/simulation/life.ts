import type { JournalEntry, JournalState } from '../../src/model/journal-state.ts';
import { emptyJournal } from '../../src/model/journal-state.ts';
import type { Step, StepOutcome } from '../../src/model/step.ts';
import type { Decision } from '../../src/rollout/decide.ts';
import type { Happening } from './happening.ts';
import type { Surroundings } from './incarnation.ts';
import { Incarnation } from './incarnation.ts';
import { quietLogger } from './quiet-logger.ts';
import type { World } from './world.ts';

/** Who is told what the operator does. */
export interface Witness {
  readonly stepStarted: (step: Step) => void;
  readonly stepEnded: (step: Step, outcome: StepOutcome) => void;
  readonly decided: (decision: Decision) => void;
  readonly noted: (entry: JournalEntry) => void;
  readonly accepted: Surroundings['onAccepted'];
  /** A host loses its power together with the process. */
  readonly hostFalls: (host: string, downMs: number) => void;
  /** The process is gone, whatever it had under way. */
  readonly gone: () => void;
  /** A commit was refused, for this reason. */
  readonly refused: (message: string) => void;
  /** Something went wrong inside the operator. */
  readonly trouble: (message: string) => void;
}

const told: ReadonlySet<JournalEntry['kind']> = new Set([
  'rollout-started',
  'rolled-back',
  'scaled',
  'succeeded',
  'quarantined',
  'attempt-failed',
  'networks-off',
  'pruned',
]);

function describeEntry(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'quarantined': {
      const { service, slot, reason, message } = entry.quarantine;
      return `quarantines ${entry.application}/${service}/${slot} ${reason}: ${message}`;
    }
    case 'attempt-failed': {
      const { service, slot, reason, message, verdict } = entry.failure;
      return `${entry.application}/${service}/${slot} failed (${verdict}) ${reason}: ${message}`;
    }
    case 'scaled':
      return `scales ${entry.application}/${entry.service} to ${entry.replicas}: ${entry.cause}`;
    case 'networks-off':
      return `has ${entry.slot} off ${entry.networks.join(', ') || 'no network'}`;
    default:
      return `${entry.kind} ${'application' in entry ? (entry.application ?? '') : ''}`;
  }
}

export type LifeHappening = Extract<Happening, { readonly kind: `operator-${string}` }>;
type Fatal = Extract<Happening, { readonly kind: 'operator-killed-after' }>;

/** The operator over its deaths: at most one incarnation lives at a time. */
export class Life {
  readonly #world: World;
  readonly #witness: Witness;
  readonly #cache: Surroundings['cache'] = new Map();
  #incarnation: Incarnation | null = null;
  /** Durable effects so far: transactions of the journal, and mutations of an engine. */
  #effects = 0;
  /** Dies right after that many effects. */
  #fatal: (Omit<Fatal, 'kind' | 'effects'> & { readonly at: number }) | null = null;
  /** Name of the host that a call changed last. */
  #lastHost: string | null = null;
  #births = 0;
  #last: Decision | null = null;

  constructor(world: World, witness: Witness) {
    this.#world = world;
    this.#witness = witness;
    for (const host of world.hosts.values()) {
      host.engine.onMutation((what) => {
        world.trace.add(host.name, what);
        this.#lastHost = host.name;
        this.#noteEffect();
      });
    }
  }

  get effects(): number {
    return this.#effects;
  }

  get incarnation(): Incarnation | null {
    return this.#incarnation;
  }

  /** What the living incarnation decided last. */
  get lastDecision(): Decision | null {
    return this.#last;
  }

  journal(): JournalState {
    return this.#incarnation?.journal.state() ?? emptyJournal;
  }

  /** Names of the hosts that the operator can see, as it believes. */
  visibleHosts(): ReadonlySet<string> {
    const observations = [...(this.#incarnation?.fleet.snapshot().values() ?? [])];
    const seen = observations.filter(({ kind }) => kind === 'reachable');
    return new Set(seen.map(({ host }) => host));
  }

  begin(): void {
    const { clock, hosts, repository, random, trace } = this.#world;
    const { accepted, refused, trouble } = this.#witness;
    this.#births += 1;
    trace.add('operator', `starts (${this.#births})`);
    const incarnation: Incarnation = new Incarnation(
      {
        clock,
        hosts,
        repository,
        random: random.split(`operator ${this.#births}`),
        logger: quietLogger({
          onTrouble: (message) => {
            if (incarnation.process.isAlive) trouble(message);
          },
          onRefused: (message) => {
            trace.add('operator', `refuses a commit: ${message}`);
            refused(message);
          },
        }),
        observer: {
          stepStarted: (step) => this.#stepStarted(incarnation, step),
          stepEnded: (step, outcome) => this.#stepEnded(step, outcome),
          decided: (decision) => this.#decided(decision),
          noted: (entry) => this.#noted(entry),
        },
        cache: this.#cache,
        onAccepted: accepted,
      },
      (process) => this.#world.store.open(process, () => this.#noteEffect()),
    );
    this.#incarnation = incarnation;
    incarnation.start();
  }

  apply(what: LifeHappening): void {
    const { clock, trace, counts } = this.#world;
    const incarnation = this.#incarnation;
    if (incarnation === null) return;
    switch (what.kind) {
      case 'operator-killed':
        return this.#die(what.downMs, what.losesJournal);
      case 'operator-killed-after': {
        const { effects, downMs, losesJournal, takesHost = false } = what;
        this.#fatal = { at: this.#effects + effects, downMs, losesJournal, takesHost };
        return;
      }
      case 'operator-stopped':
        trace.add('operator', 'is told to stop');
        return void this.#stop(incarnation, what.downMs);
      case 'operator-frozen':
        trace.add('operator', 'stands still');
        counts.crashes += 1;
        incarnation.process.freeze();
        return void clock.after(what.ms, () => {
          if (!incarnation.process.isFrozen) return;
          trace.add('operator', 'goes on');
          incarnation.process.thaw();
        });
    }
  }

  /** Nothing more happens to it. */
  calm(): void {
    this.#fatal = null;
    this.#incarnation?.process.thaw();
  }

  async #stop(incarnation: Incarnation, downMs: number): Promise<void> {
    await incarnation.stop();
    if (this.#incarnation !== incarnation) return;
    this.#world.trace.add('operator', 'has stopped');
    this.#bury(downMs);
  }

  #noteEffect(): void {
    this.#effects += 1;
    const fatal = this.#fatal;
    if (fatal === null || this.#effects < fatal.at || this.#incarnation === null) return;
    this.#fatal = null;
    this.#die(fatal.downMs, fatal.losesJournal);
    const host = this.#lastHost ?? [...this.#world.hosts.keys()][0];
    if (fatal.takesHost === true && host !== undefined) this.#witness.hostFalls(host, fatal.downMs);
  }

  #die(downMs: number, losesJournal: boolean): void {
    const { trace, counts, store } = this.#world;
    trace.add('operator', losesJournal ? 'is killed, and its journal is lost' : 'is killed');
    counts.crashes += 1;
    this.#incarnation?.process.kill();
    if (losesJournal) {
      counts.journalsLost += 1;
      store.lose();
    }
    this.#bury(downMs);
  }

  #bury(downMs: number): void {
    this.#incarnation = null;
    this.#last = null;
    this.#witness.gone();
    this.#world.clock.after(downMs, () => this.begin());
  }

  #stepStarted(incarnation: Incarnation, step: Step): void {
    // One that was killed in the middle of a pass ends that pass, and nobody hears of it.
    if (!incarnation.process.isAlive) return;
    this.#world.counts.steps += 1;
    this.#witness.stepStarted(step);
  }

  #stepEnded(step: Step, outcome: StepOutcome): void {
    if (outcome.kind !== 'done') {
      const why = outcome.kind === 'failed' ? outcome.failure.message : outcome.reason;
      this.#world.trace.add('operator', `${step.key} ${step.action.kind} ${outcome.kind}: ${why}`);
    }
    this.#witness.stepEnded(step, outcome);
  }

  #noted(entry: JournalEntry): void {
    const { trace, counts } = this.#world;
    if (entry.kind === 'rollout-started') counts.rollouts += 1;
    if (entry.kind === 'rolled-back') counts.rollbacks += 1;
    if (told.has(entry.kind)) trace.add('operator', describeEntry(entry));
    this.#witness.noted(entry);
  }

  #decided(decision: Decision): void {
    this.#last = decision;
    this.#witness.decided(decision);
  }
}
