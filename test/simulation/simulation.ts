import type { ApplicationSpec } from '../../src/model/application.ts';
import type { DesiredState } from '../../src/model/desired.ts';
import type { JournalEntry } from '../../src/model/journal-state.ts';
import { isTrafficAction } from '../../src/model/step.ts';
import type { Decision } from '../../src/rollout/decide.ts';
import { applyHappening } from './apply-happening.ts';
import { checkEnd, isHopeless, whyNotQuiet } from './check-end.ts';
import type { TrueContainer } from './census.ts';
import { Guardian } from './guardian.ts';
import type { Happening } from './happening.ts';
import { Ledger } from './ledger.ts';
import type { LifeHappening } from './life.ts';
import { Life } from './life.ts';
import type { Scenario } from './scenario.ts';
import { Violation } from './violation.ts';
import type { Counts } from './world.ts';
import { World } from './world.ts';

/** What came of one run. */
export interface Run {
  readonly seed: number;
  /** Null when every invariant held. */
  readonly violation: string | null;
  readonly trace: readonly string[];
  /** Of the whole trace: equal runs have equal ones. */
  readonly digest: string;
  readonly counts: Counts;
  /** Durable effects of the operator. */
  readonly effects: number;
}

/** How long it may take, after the last trouble, until everything is as it should be. */
const patienceMs = 40 * 60_000;
/** How often it is looked whether it is. */
const lookMs = 5_000;
/** How long nothing must happen after that. */
const quietMs = 90_000;

/** Lets a scenario happen and checks the invariants after every event. The same scenario gives the same run. */
export async function simulate(scenario: Scenario): Promise<Run> {
  using world = new World(scenario);
  const simulation = new Simulation(world);
  let violation: string | null = null;
  try {
    await simulation.run();
  } catch (error) {
    // Whatever else is thrown is a failure of this seed too.
    violation = error instanceof Violation ? error.message : String((error as Error).stack);
    world.trace.add('!', violation);
  }
  simulation.end();
  const { trace, counts } = world;
  counts.virtualMs = world.elapsedMs;
  const { seed } = scenario;
  const { effects } = simulation.life;
  return { seed, violation, trace: trace.lines, digest: trace.digest(), counts, effects };
}

class Simulation {
  readonly life: Life;
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #guardian: Guardian;
  #violation: Violation | null = null;
  #lastStep = '';
  /** Steps for applications of which there is hope. */
  #goodSteps = 0;
  /** What has become last-known-good, by application, whatever journal is lost. */
  readonly #good = new Map<string, ApplicationSpec>();

  constructor(world: World) {
    this.#world = world;
    this.#ledger = new Ledger(world.clock.now, world.scenario.pingMs + 10_000);
    this.life = new Life(world, {
      stepStarted: (step) => {
        const { commit, reason } = step.cause;
        if (reason === '' || !world.models.has(commit)) {
          this.#fail(new Violation('no step without a cause', step.key));
        }
        const decision = this.life.lastDecision;
        if (decision === null || !isHopeless(world, decision, step.application)) {
          this.#lastStep = `${step.key} ${step.action.kind}: ${reason}`;
          this.#goodSteps += 1;
        }
        this.#guarded(() => this.#ledger.stepStarted(step));
      },
      // A proxy that is silent may take a change later.
      stepEnded: (step, { kind }) =>
        this.#ledger.stepEnded(step, kind === 'unknown' || isTrafficAction(step.action)),
      decided: (decision) =>
        this.#guarded(() => {
          this.#mustNotScale(decision);
          this.#ledger.noteDecision(decision, this.#isGood);
        }),
      noted: (entry) => this.#guarded(() => this.#noted(entry)),
      accepted: (desired) => this.#accepted(desired),
      hostFalls: (host, downMs) => {
        // The effect that it comes with is first brought to its end.
        world.clock.after(0, () => this.#happen({ kind: 'power-cycle', host, downMs }));
      },
      gone: () => this.#ledger.processGone(),
      refused: (message) => {
        const isBroken = [...world.models.values()].some(({ fault }) => fault !== 'none');
        if (!isBroken) this.#fail(new Violation('a whole commit is accepted', message));
      },
      trouble: (message) => this.#fail(new Violation('the operator never fails itself', message)),
    });
    const hosts = [...world.hosts.values()];
    const beliefs = {
      journal: () => this.life.journal(),
      visibleHosts: () => this.life.visibleHosts(),
      hasForgotten: () => world.counts.journalsLost > 0,
      askedFor: (application: string) =>
        world.accepted?.applications.find(({ name }) => name === application) ?? null,
      givenUp: () => {
        const standing = this.life.lastDecision?.placed.standing.hosts ?? [];
        const gone = standing.filter(({ isFenced, state }) => isFenced || state === 'lost');
        return new Set(gone.map(({ host }) => host));
      },
    };
    this.#guardian = new Guardian(hosts, this.#ledger, beliefs, world.clock.now);
    for (const host of hosts) {
      host.onRequest = (request) =>
        this.#guarded(() => this.#guardian.beforeRequest(host, request));
    }
  }

  /** @throws Violation */
  async run(): Promise<void> {
    const { scenario, clock } = this.#world;
    this.#world.commit(scenario.first, 'first');
    for (const { atMs, what } of scenario.script) clock.after(atMs, () => this.#happen(what));
    this.life.begin();
    await this.#runUntil(clock.now() + scenario.busyMs);
    await this.#becomeQuiet();
    await checkEnd({
      world: this.#world,
      life: this.life,
      everywhere: this.#guardian.everywhere(),
      blamed: this.#ledger.blamed,
    });
  }

  /** Nothing of the operator goes on after this. */
  end(): void {
    this.life.incarnation?.process.kill();
    this.#world.counts.checks += this.#guardian.checks;
  }

  /** Waits for what is under way in the world to end, and then for the operator to have nothing left to do. */
  async #becomeQuiet(): Promise<void> {
    const { clock } = this.#world;
    this.life.calm();
    const deadline = clock.now() + patienceMs;
    for (;;) {
      await this.#runUntil(clock.now() + lookMs);
      let why = whyNotQuiet(this.#world, this.life);
      if (why === null) {
        const before = this.#goodSteps;
        await this.#runUntil(clock.now() + quietMs);
        if (this.#goodSteps === before) return;
        // What no event told of may have been found by a full list; but it must come to an end.
        why = `something is still done: ${this.#lastStep}`;
      }
      if (clock.now() > deadline) throw new Violation('it converges', why);
    }
  }

  async #runUntil(until: number): Promise<void> {
    const { clock, counts } = this.#world;
    while (await clock.step(until)) {
      counts.events += 1;
      this.#guarded(() => this.#guardian.afterEvent());
      if (this.#violation !== null) throw this.#violation;
    }
  }

  #happen(what: Happening): void {
    if (isOfLife(what)) return this.life.apply(what);
    if (what.kind === 'partition') {
      this.#world.clock.after(what.ms, this.#guardian.cutOff(what.hosts));
    }
    applyHappening(
      {
        world: this.#world,
        everywhere: () => this.#guardian.everywhere(),
        hit: (container, isItsFault) =>
          this.#ledger.hit(container, isItsFault && !this.#isProven(container), !isItsFault),
        stormy: (host, until) => this.#ledger.stormy(host, until),
      },
      what,
    );
  }

  #isProven({ identity }: TrueContainer): boolean {
    return identity === null || this.#isGood(identity.application, identity.service, identity.hash);
  }

  readonly #isGood = (application: string, service: string, hash: string): boolean => {
    const record = this.life.journal().applications.get(application);
    const good = record?.lastKnownGood?.spec.services ?? [];
    return good.some((one) => one.name === service && one.hash === hash);
  };

  /** A load changes no number under what is rolled out or back, or is suspended. */
  #mustNotScale({ entries, applications }: Decision): void {
    for (const entry of entries) {
      if (entry.kind !== 'scaled' || entry.from === null || /by the manifest/.test(entry.cause)) {
        continue;
      }
      const own = applications.find(({ application }) => application === entry.application);
      const isIdle = own?.rollout === null && own.target.mode === 'desired' && !own.suspended;
      if (isIdle) continue;
      const what = `${entry.application}/${entry.service} ${entry.from} to ${entry.replicas}`;
      throw new Violation('a load changes nothing under a rollout', what);
    }
  }

  #noted(entry: JournalEntry): void {
    if (entry.kind === 'networks-off') this.#ledger.networksChanged(entry.slot);
    if (entry.kind !== 'succeeded') return;
    const { application, spec } = entry;
    this.#guardian.succeeded(application, spec, this.#good.get(application) ?? null);
    this.#good.set(application, spec);
  }

  #accepted(desired: DesiredState): void {
    const { commit } = desired.revision;
    this.#world.accepted = desired;
    const model = this.#world.models.get(commit);
    this.#world.trace.add('operator', `accepts ${commit.slice(0, 7)}`);
    if (model?.fault !== 'none') {
      this.#fail(new Violation('a broken commit is refused as a whole', commit));
    }
  }

  #guarded(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#fail(error);
    }
  }

  /** The first one counts: what comes after it may follow from it. */
  #fail(violation: Violation): void {
    this.#violation ??= violation;
  }
}

function isOfLife(what: Happening): what is LifeHappening {
  return what.kind.startsWith('operator-');
}
