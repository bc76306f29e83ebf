import type { Logger } from 'pino';

import type { DesiredState } from '../model/desired.ts';
import type { HostObservation } from '../model/observation.ts';
import { adoptionInterest } from '../drift/adoption-interest.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open-journal.ts';
import { judgeHead } from '../reconcile/judge-head.ts';
import { judgePlan } from '../reconcile/judge-plan.ts';
import { loadRevision, type LoadedRevision } from '../reconcile/load-revision.ts';
import { Operator } from '../reconcile/operator.ts';
import { systemClock as clock } from '../reconcile/system-clock.ts';
import { renderStatus } from '../report/render-status.ts';
import { statusDocument } from '../report/status-document.ts';
import { count, formatDuration } from '../report/text.ts';
import type { Decision } from '../rollout/decide.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { openHosts, openRepository, unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { createProgress } from './progress.ts';
import { reportRefused, reportUnreachable, reportWarnings } from './report-problems.ts';
import { openInstallationKey } from '../secrets/installation-key.ts';
import type { Settings } from './settings.ts';

export interface SyncFlags {
  readonly timeoutMs: number;
  /** Commits whose held deletions are approved for this run. */
  readonly approvePrune: readonly string[];
}

/** `fleetwright sync`: one pass to convergence, then exit. */
export async function sync(
  settings: Settings,
  flags: SyncFlags,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  const begin = clock.now();
  using journal = openJournal(settings.state, logger, settings.historyBudget);
  const key = openInstallationKey(settings.state, journal.state());
  await using source = await openRepository(settings, logger, 'daemon');
  await using fleet = openHosts(settings, logger, key);
  const head = await source.head(signal);
  const rewritten = await judgeHead(
    source,
    journal.accepted(),
    head,
    settings.nonFastForward,
    signal,
  );
  const reading = { path: settings.path, key, cache: new Map() };
  const loaded: LoadedRevision =
    rewritten === null
      ? await loadRevision(source, head, reading, signal)
      : { kind: 'invalid', revision: head, diagnostics: [rewritten] };
  if (loaded.kind === 'invalid') {
    journal.reject(loaded.revision, loaded.diagnostics);
    reportRefused(output, loaded.revision, loaded.diagnostics);
    return exitCode.negative;
  }
  reportWarnings(output, loaded.diagnostics);
  const desired = withApproval(loaded.desired, flags.approvePrune);
  fleet.configure(desired.fleet, adoptionInterest(desired.applications, journal.state()));
  await fleet.refresh(signal);
  const unreachable = unreachableHosts(fleet.snapshot().values());
  if (unreachable.length > 0) {
    reportUnreachable(output, unreachable);
    output.error('Nothing is changed on any host: all hosts must be reachable for a sync');
    return exitCode.unreachable;
  }
  const refusal = settings.planRequireApproved
    ? await judgePlan(
        { source, ...reading, journal, clock, observe: async () => fleet.snapshot() },
        loaded.desired,
        signal,
      )
    : null;
  if (refusal !== null) {
    journal.reject(head, [refusal]);
    reportRefused(output, head, [refusal]);
    return exitCode.negative;
  }
  const outcome = await converge({ desired, fleet, journal, logger, output, flags, signal });
  if (outcome === null) {
    output.error('Stopped before anything was decided: nothing is changed on any host');
    return exitCode.negative;
  }
  const observations = [...fleet.snapshot().values()];
  report(output, journal, desired, observations, outcome, clock.now() - begin);
  if (outcome.decision.settled) return exitCode.done;
  const lost = unreachableHosts(observations);
  reportUnreachable(output, lost);
  return lost.length > 0 ? exitCode.unreachable : exitCode.negative;
}

interface Converging {
  readonly desired: DesiredState;
  readonly fleet: Fleet;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly output: Output;
  readonly flags: SyncFlags;
  readonly signal: AbortSignal;
}

interface Outcome {
  readonly decision: Decision;
  readonly steps: number;
  readonly end: 'decided' | 'timed out' | 'interrupted';
}

/** Null when it was stopped before anything was decided. */
async function converge(parts: Converging): Promise<Outcome | null> {
  const { desired, fleet, journal, logger, output, flags, signal } = parts;
  using observer = createProgress(output, logger, clock);
  await using operator = new Operator({ fleet, journal, logger, observer, clock });
  operator.follow(desired);
  const timeout = AbortSignal.timeout(flags.timeoutMs);
  const stop = AbortSignal.any([signal, timeout]);
  const decision = await operator.run(stop, (latest) => isOver(latest, operator));
  await operator.drain();
  if (decision === null) return null;
  return { decision, steps: operator.stepsTaken(), end: endOf(signal, timeout) };
}

function endOf(interrupt: AbortSignal, timeout: AbortSignal): Outcome['end'] {
  if (interrupt.aborted) return 'interrupted';
  return timeout.aborted ? 'timed out' : 'decided';
}

/** Converged; or nothing is under way, nothing will be, and trying again has not helped. */
function isOver(decision: Decision, operator: Operator): boolean {
  if (operator.inFlight() > 0 || decision.entries.length > 0) return false;
  if (decision.settled) return true;
  const isQuiet = decision.applications.every(({ conditions }) =>
    conditions.every(({ type, status }) => type !== 'Reconciling' || !status),
  );
  const { prune } = decision;
  const isPruning =
    prune.steps.length > 0 ||
    (isQuiet && !prune.settled && prune.held === null && canPrune(decision));
  return isQuiet && !isPruning && decision.steps.length === 0 && !operator.isRetrying();
}

/** A prune only goes on when every application is ready. */
function canPrune({ applications }: Decision): boolean {
  return applications.every(({ conditions }) =>
    conditions.some(({ type, status }) => type === 'Ready' && status),
  );
}

function withApproval(desired: DesiredState, commits: readonly string[]): DesiredState {
  const { fleet } = desired;
  const approved = [...fleet.prune.approved, ...commits];
  return { ...desired, fleet: { ...fleet, prune: { ...fleet.prune, approved } } };
}

const failures = {
  decided: 'Not converged',
  'timed out': 'Not converged in time',
  interrupted: 'Interrupted; run sync again to finish',
} as const;

function report(
  output: Output,
  journal: Journal,
  desired: DesiredState,
  observations: Iterable<HostObservation>,
  outcome: Outcome,
  durationMs: number,
): void {
  const { decision, steps, end } = outcome;
  const document = statusDocument({
    revision: desired.revision,
    rejected: journal.rejected(),
    decision,
    observations,
    steps,
    durationMs,
    now: clock.now(),
  });
  if (output.format === 'json') return output.data(toJson(document));
  output.data(renderStatus(document, output.style, output.verbose));
  const { style } = output;
  const took = `${count(steps, 'step')} in ${formatDuration(durationMs)}`;
  output.data(
    decision.settled
      ? style.green(`\nConverged: ${took}.`)
      : style.red(`\n${failures[end]}: ${took}.`),
  );
}
