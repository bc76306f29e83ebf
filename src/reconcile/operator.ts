import { isDeepStrictEqual } from 'node:util';

import type { Logger } from 'pino';

import type { AdoptionInterest } from '../model/adoption.ts';
import { noInterest } from '../model/adoption.ts';
import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired.ts';
import { messageOf } from '../model/errors.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { HostName } from '../model/names.ts';
import type { ActionKind, Step, StepOutcome } from '../model/step.ts';
import { isTrafficAction } from '../model/step.ts';
import { present } from '../model/present.ts';
import type { ReadinessMap } from '../model/readiness.ts';
import { adoptionInterest } from '../drift/adoption-interest.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Journal } from '../journal/journal.ts';
import type { Decision } from '../rollout/decide.ts';
import { decide } from '../rollout/decide.ts';
import { trackReadiness } from '../rollout/gate.ts';
import { watchedContainers } from '../rollout/watched.ts';
import type { FailedStep, World } from '../rollout/world.ts';
import type { OpenRouter } from '../traffic/traffic-router.ts';
import { AnalysisWatch } from './analysis-watch.ts';
import type { AskEntrance } from './ask-entrance.ts';
import { askEntrance } from './ask-entrance.ts';
import { askPrometheus } from './ask-prometheus.ts';
import type { Probing } from './probe.ts';
import { probeTarget } from './probe.ts';
import { probeTargets } from './probe-targets.ts';
import { hooksEntry } from './hooks-entry.ts';
import { pulledEntry } from './pulled-entry.ts';
import { findContainer, isBetterNow } from './fresh-look.ts';
import { LoadWatch } from './load-watch.ts';
import { Lookups } from './lookups.ts';
import { Looks } from './looks.ts';
import { leadsOn } from './leads-on.ts';
import { Prober } from './prober.ts';
import { ProofWatch } from './proof-watch.ts';
import { Attendance } from './attendance.ts';
import { removalEntry } from './removal-entry.ts';
import { RequestWatch } from './request-watch.ts';
import { noteOutcome, withoutSettled } from './step-failures.ts';
import { TrafficWatch } from './traffic-watch.ts';
import { Wake } from './wake.ts';

/** Everything the operator works with, put together by the composition root. */
export interface OperatorParts {
  readonly fleet: Fleet;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly observer: Observer;
  readonly clock: Clock;
  /** Asks an instance whether it is ready; over the network by default. */
  readonly probe?: Probing;
  /** The way to the proxies; through the engines of their hosts by default. */
  readonly openRouter?: OpenRouter;
  /** Sends a request through an entrance, during rollouts; over the network by default. */
  readonly askEntrance?: AskEntrance;
}

/** Told what happens, for progress on a terminal. It must not throw. */
export interface Observer {
  readonly stepStarted: (step: Step) => void;
  readonly stepEnded: (step: Step, outcome: StepOutcome, durationMs: number) => void;
  readonly decided: (decision: Decision) => void;
  /** An entry has been written into the journal. */
  readonly noted: (entry: JournalEntry) => void;
}

const afterErrorMs = 5_000;
/** Before a failure on a silent host is looked at again. */
const silentHostMs = 1_000;

/** Nothing that a commit asks for waits for them. */
const tidying: ReadonlySet<ActionKind> = new Set([
  'remove-network',
  'remove-image',
  'remove-volume',
]);
/** Pulls, and hooks, which are run again then. */
const mayBeGivenUp: ReadonlySet<ActionKind> = new Set(['pull-image', 'run-hooks']);

type Failure = Extract<JournalEntry, { readonly kind: 'quarantined' }>;

function visibleHosts({ observations }: World): ReadonlySet<HostName> {
  const reachable = [...observations.values()].filter(({ kind }) => kind === 'reachable');
  return new Set(reachable.map(({ host }) => host));
}

/** Tells nobody: the daemon has its log. */
export const silent: Observer = {
  stepStarted: () => undefined,
  stepEnded: () => undefined,
  decided: () => undefined,
  noted: () => undefined,
};

/**
 * The loop: observe, decide from data alone, act, look again. It holds no truth of its own: what is in flight, what
 * failed lately and what the probes said can all be lost at any instruction, and only cost time.
 */
export class Operator implements AsyncDisposable {
  readonly #parts: OperatorParts;
  readonly #wake: Wake;
  readonly #prober: Prober;
  readonly #traffic: TrafficWatch;
  readonly #proofs: ProofWatch;
  readonly #load: LoadWatch;
  readonly #analyses: AnalysisWatch;
  readonly #requests: RequestWatch;
  readonly #attendance: Attendance;
  readonly #lookups: Lookups;
  readonly #looks: Looks;
  readonly #unsubscribe: () => void;
  readonly #inFlight = new Map<string, ActionKind>();
  readonly #running = new Set<Promise<void>>();
  /** Failures whose evidence is being fetched, by application, service and hash. */
  readonly #gathering = new Set<string>();
  readonly #stop = new AbortController();
  /** For what can be given up at any time; what else is under way is brought to its end. */
  readonly #stopPulls = new AbortController();
  #desired: DesiredState | null = null;
  #interest: AdoptionInterest = noInterest;
  #failures: ReadonlyMap<string, FailedStep> = new Map();
  #readiness: ReadinessMap = new Map();
  #stepsTaken = 0;
  #watchingSince: number;
  #sourceAwaySince: number | null = null;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    const { clock, probe = probeTarget } = parts;
    this.#wake = new Wake(clock);
    this.#prober = new Prober({ onChange: () => this.#wake.call(), clock, probe });
    const { fleet, openRouter } = parts;
    const onChange = (): void => this.#wake.call();
    this.#traffic = new TrafficWatch({ onChange, clock, fleet, ...present({ openRouter }) });
    const { askEntrance: ask = askEntrance } = parts;
    this.#proofs = new ProofWatch({ clock, ask, onFailure: onChange });
    this.#load = new LoadWatch({ onChange, clock, fleet, traffic: this.#traffic });
    this.#analyses = new AnalysisWatch({ clock, ask: askPrometheus, onChange });
    this.#attendance = new Attendance(clock);
    this.#watchingSince = this.#attendance.since();
    this.#looks = new Looks({ fleet: parts.fleet, onEnd: () => this.#wake.call() });
    this.#lookups = new Lookups({ ...parts, onAnswer: () => this.#wake.call() });
    this.#requests = new RequestWatch(parts.journal, clock, () => this.#wake.call());
    this.#unsubscribe = parts.fleet.subscribe(() => this.#wake.call());
  }

  /** Follows this desired state from now on. */
  follow(desired: DesiredState): void {
    const { journal, fleet } = this.#parts;
    journal.accept(
      desired.revision,
      desired.applications.map(({ name }) => name),
    );
    const interest = adoptionInterest(desired.applications, journal.state());
    fleet.configure(desired.fleet, interest);
    this.#desired = desired;
    // What is to be taken on must not be taken for missing.
    if (isDeepStrictEqual(interest, this.#interest)) this.#looks.awaitNew();
    else this.#looks.awaitAll();
    this.#interest = interest;
    this.#wake.call();
  }

  /** A process that stood still has old pictures of its hosts: it looks at all of them before it decides. */
  #noticeBreak(): void {
    const since = this.#attendance.since();
    if (since === this.#watchingSince) return;
    this.#watchingSince = since;
    this.#readiness = new Map();
    this.#analyses.beginAnew();
    this.#looks.awaitAll();
  }

  /** Whether the repository can be reached: who reaches nothing may be cut off himself. */
  sourceReached(isReached: boolean): void {
    if (isReached === (this.#sourceAwaySince === null)) return;
    this.#sourceAwaySince = isReached ? null : this.#parts.clock.now();
    this.#wake.call();
  }

  /** Steps executed so far that changed something. */
  stepsTaken(): number {
    return this.#stepsTaken;
  }

  /** Steps under way, and failures whose evidence is being fetched. */
  inFlight(): number {
    return this.#inFlight.size + this.#gathering.size;
  }

  /** Whether something failed that is worth another try before giving up. */
  isRetrying(): boolean {
    return [...this.#failures.values()].some(
      ({ failure, attempts, action }) =>
        failure.class !== 'revision' && attempts < 3 && !tidying.has(action),
    );
  }

  /**
   * Decides until it is told to stop; each pass begins when something changed or a time has come.
   *
   * @throws what a pass throws: the journal cannot be written, or there is a bug
   */
  async run(
    signal: AbortSignal,
    isDone: (decision: Decision) => boolean,
  ): Promise<Decision | null> {
    let last: Decision | null = null;
    while (!signal.aborted) {
      last = this.pass();
      if (last !== null && isDone(last)) return last;
      const until = last?.wakeAt ?? null;
      await this.#wake.sleep(until === null ? null : until - this.#parts.clock.now(), signal);
    }
    return last;
  }

  /** As `run`, for a daemon: what a pass throws is logged, and the next pass comes a little later. */
  async runOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.run(signal, () => false);
      } catch (error) {
        this.#parts.logger.error({ reason: messageOf(error) }, 'pass failed: tried again');
        await new Wake(this.#parts.clock).sleep(afterErrorMs, signal);
      }
    }
  }

  /** One pass: decide, remember, begin the steps. Null before there is a desired state and a look at every host. */
  pass(): Decision | null {
    const world = this.#observe();
    if (world === null) return null;
    const { journal, observer } = this.#parts;
    const decision = decide(world);
    journal.recordDrift(decision.drift, visibleHosts(world), world.now);
    journal.recordLoads(decision.scale.standings);
    if (world.analyses !== null) journal.recordAnalyses(world.analyses);
    this.#load.note(decision.scale.judged);
    const entries = this.#withoutFailures(decision.entries);
    journal.write(entries, world.now);
    for (const entry of entries) this.#tell(entry);
    if (entries.some(({ kind }) => kind === 'instance-adopted')) this.#keepInSight(world.desired);
    // Whoever says "retry" does not want to wait for the next try.
    if (entries.some(({ kind }) => kind === 'retried')) this.#failures = new Map();
    this.#failures = withoutSettled(this.#failures, decision.traffic.open);
    this.#proofs.watch(decision.applications.flatMap(({ proofs }) => proofs));
    const analyses = decision.applications.flatMap((one) => one.analyses);
    this.#analyses.watch(analyses, world.desired.fleet.prometheus);
    for (const step of decision.steps) this.#begin(step);
    this.#lookups.ask(decision.lookups);
    this.#looks.again(decision.applications.flatMap(({ looks }) => looks));
    observer.decided(decision);
    if (leadsOn(entries, decision.steps)) this.#wake.call();
    return decision;
  }

  /** From now on they are known by their ids, whatever they are called. */
  #keepInSight({ fleet: spec, applications }: DesiredState): void {
    const { fleet, journal } = this.#parts;
    this.#interest = adoptionInterest(applications, journal.state());
    fleet.configure(spec, this.#interest);
  }

  #observe(): World | null {
    const { fleet, journal, clock } = this.#parts;
    const desired = this.#desired;
    if (desired !== null) this.#noticeBreak();
    if (desired === null || this.#looks.isAwaited) return null;
    const base = {
      desired,
      observations: fleet.snapshot(),
      journal: journal.state(),
      inFlight: this.#inFlight,
      failures: this.#failures,
      lookups: this.#lookups.records(),
      requests: journal.requests(),
      sourceAwaySince: this.#sourceAwaySince,
      watchingSince: this.#watchingSince,
      now: clock.now(),
    };
    const watched = watchedContainers(base);
    this.#prober.watch(probeTargets(watched, desired.fleet));
    const probes = this.#prober.results();
    this.#readiness = trackReadiness(this.#readiness, watched, probes, base.now);
    const [traffic, load] = [this.#traffic.see(base), this.#load.see(base)];
    const proofs = this.#proofs.readings();
    const analyses = this.#analyses.readings(desired.fleet.prometheus);
    return { ...base, readiness: this.#readiness, traffic, load, proofs, analyses };
  }

  /** What can be written at once; a failure waits until the last words of what failed are there too. */
  #withoutFailures(entries: readonly JournalEntry[]): readonly JournalEntry[] {
    return entries.filter((entry) => {
      if (entry.kind !== 'quarantined' || entry.container === null) return true;
      this.#gather(entry);
      return false;
    });
  }

  /**
   * Asks for the log and the health output of what failed, beside the loop. A host that does not answer may be what has
   * failed: then nothing is held against the revision, and it is judged anew when the host is seen again. So it is when the
   * fresh look shows it better than the picture that it was judged by, since the engine drops events when it is busy.
   */
  #gather(entry: Failure): void {
    const { application, quarantine } = entry;
    const key = `${application}/${quarantine.service}/${quarantine.hash}`;
    if (this.#gathering.has(key)) return;
    const work = this.#gatherOne(entry)
      .catch(this.#logFailure)
      .finally(() => {
        this.#gathering.delete(key);
        this.#running.delete(work);
        this.#wake.call();
      });
    this.#gathering.add(key);
    this.#running.add(work);
  }

  async #gatherOne(entry: Failure): Promise<void> {
    const { fleet, journal, logger, clock } = this.#parts;
    const { application, quarantine, container } = entry;
    const { service, slot, host } = quarantine;
    const before = findContainer(fleet.snapshot(), host, container);
    const evidence =
      container === null || host === null
        ? { log: [], health: [] }
        : await fleet.evidence(host, container, this.#stop.signal);
    if (evidence === null || this.#stop.signal.aborted) {
      logger.warn({ application, service, slot, host }, 'failure not counted: host is silent');
      await new Wake(clock).sleep(silentHostMs, this.#stopPulls.signal);
      return;
    }
    if (isBetterNow(before, findContainer(fleet.snapshot(), host, container))) {
      return logger.debug({ application, service, slot, host }, 'failure judged anew');
    }
    const failure = { ...entry, quarantine: { ...quarantine, ...evidence } };
    journal.write([failure], clock.now());
    this.#tell(failure);
  }

  /** One line in the log for what a person would want to know of. */
  #tell(entry: JournalEntry): void {
    const { logger, observer } = this.#parts;
    observer.noted(entry);
    switch (entry.kind) {
      case 'rollout-started':
      case 'rolled-back':
      case 'pruned':
        return logger.info({ application: entry.application }, entry.kind);
      case 'instance-adopted':
        return logger.info({ slot: entry.slot, container: entry.name }, 'taken on');
      case 'succeeded':
        return logger.info({ application: entry.application, commit: entry.commit }, 'succeeded');
      case 'scaled': {
        const { application, service, from, replicas, cause } = entry;
        if (from === null) return logger.debug(entry, 'noted');
        return logger.info({ application, service, from, replicas, cause }, 'scaled');
      }
      case 'quarantined': {
        const { service, slot, host, reason, message } = entry.quarantine;
        const { application } = entry;
        return logger.error(
          { application, service, slot, host, reason, message },
          'revision failed',
        );
      }
      case 'attempt-failed':
        return logger.warn({ application: entry.application, ...entry.failure }, 'attempt failed');
      case 'repaired':
        return logger.info({ slot: entry.slot, repairs: entry.repairs }, 'drift repaired');
      default:
        return logger.debug(entry, 'noted');
    }
  }

  #begin(step: Step): void {
    if (this.#inFlight.has(step.key) || this.#stop.signal.aborted) return;
    this.#inFlight.set(step.key, step.action.kind);
    const work = this.#execute(step)
      .catch(this.#logFailure)
      .finally(() => {
        this.#inFlight.delete(step.key);
        this.#running.delete(work);
        this.#wake.call();
      });
    this.#running.add(work);
  }

  /** The step itself never throws; what may is the memory of it. */
  readonly #logFailure = (error: unknown): void => {
    this.#parts.logger.error({ reason: messageOf(error) }, 'step cannot be recorded');
  };

  async #execute(step: Step): Promise<void> {
    const { journal, logger, observer, clock } = this.#parts;
    const startedAt = clock.now();
    observer.stepStarted(step);
    this.#proofs.stepBegun(step);
    const stop = mayBeGivenUp.has(step.action.kind) ? this.#stopPulls : this.#stop;
    const outcome = await this.#carryOut(step, stop.signal);
    const endedAt = clock.now();
    this.#proofs.stepEnded(step);
    if (stop.signal.aborted) return;
    const hooks = hooksEntry(step, outcome, endedAt);
    if (hooks !== null) journal.write([hooks], endedAt);
    const learnt = pulledEntry(step, outcome, endedAt) ?? removalEntry(step, outcome, endedAt);
    if (learnt !== null) journal.write([learnt], endedAt);
    // Hooks that fail are the instance's failure, not the step's.
    const noted: StepOutcome = hooks === null ? outcome : { kind: 'done' };
    this.#failures = noteOutcome(this.#failures, step, noted, endedAt);
    if (outcome.kind === 'done' || outcome.kind === 'unknown') this.#stepsTaken += 1;
    observer.stepEnded(step, outcome, endedAt - startedAt);
    const { key, host, action } = step;
    const facts = { host, key, action: action.kind, durationMs: endedAt - startedAt, outcome };
    if (outcome.kind === 'failed') logger.warn(facts, 'step failed');
    else logger.debug(facts, 'step ended');
    journal.recordStep(step, outcome, startedAt, endedAt);
  }

  async #carryOut(step: Step, signal: AbortSignal): Promise<StepOutcome> {
    const { action } = step;
    if (isTrafficAction(action)) return this.#traffic.change(action);
    const outcome = await this.#parts.fleet.execute(step, signal);
    if ('guard' in action) this.#traffic.look(action.guard.id);
    return outcome;
  }

  /** Waits for the steps under way to end, so that none is left half done. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#prober[Symbol.dispose]();
    this.#proofs[Symbol.dispose]();
    this.#analyses[Symbol.dispose]();
    this.#attendance[Symbol.dispose]();
    this.#requests[Symbol.dispose]();
    this.#lookups[Symbol.dispose]();
    this.#stopPulls.abort();
    await this.drain();
    this.#load[Symbol.dispose]();
    this.#traffic[Symbol.dispose]();
    this.#looks[Symbol.dispose]();
    this.#stop.abort();
  }
}
