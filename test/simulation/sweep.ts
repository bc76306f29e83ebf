import type { Scheduled } from './happening.ts';
import type { NamedScenario } from './named-scenarios.ts';
import type { Run } from './simulation.ts';
import { simulate } from './simulation.ts';

/** What happens besides, at the moment of the crash. */
export interface CrashVariant {
  readonly losesJournal: boolean;
  /** The host that the operator dealt with last loses its power. */
  readonly takesHost: boolean;
  /** The crash comes after every so many effects: after each with 1. */
  readonly stride: number;
}

/** A crash after which an invariant did not hold. */
export interface CrashFailure {
  /** Durable effects since the scenario began, the last one right before the crash. */
  readonly after: number;
  readonly run: Run;
}

export interface Sweep {
  /** How many durable effects the operator has without a crash, from when the scenario begins: each is a crash point. */
  readonly effects: number;
  readonly crashes: number;
  readonly failures: readonly CrashFailure[];
}

/** How long the operator is away, in milliseconds. */
const downMs = 200;

/** Runs a scenario once per crash point, killing the operator right after the effect and before its answer. */
export async function sweepCrashes(named: NamedScenario, variant: CrashVariant): Promise<Sweep> {
  const effects = await countEffects(named);
  const failures: CrashFailure[] = [];
  let crashes = 0;
  for (let after = 1; after <= effects; after += variant.stride) {
    const run = await runWithCrash(named, after, variant);
    crashes += run.counts.crashes;
    if (run.violation !== null) failures.push({ after, run });
  }
  return { effects, crashes, failures };
}

/**
 * Runs it once, with a crash after so many effects.
 *
 * @param after counts from when the scenario begins
 */
function runWithCrash(
  { scenario, beginsAtMs }: NamedScenario,
  after: number,
  { losesJournal, takesHost }: Omit<CrashVariant, 'stride'>,
): Promise<Run> {
  const crash: Scheduled = {
    atMs: beginsAtMs,
    what: { kind: 'operator-killed-after', effects: after, downMs, losesJournal, takesHost },
  };
  return simulate({ ...scenario, script: [crash, ...scenario.script] });
}

async function countEffects({ name, scenario, beginsAtMs }: NamedScenario): Promise<number> {
  const whole = await simulate(scenario);
  const before = beginsAtMs === 0 ? null : await simulate({ ...scenario, script: [] });
  const violation = whole.violation ?? before?.violation ?? null;
  if (violation !== null) throw new Error(`"${name}" fails without any crash: ${violation}`);
  return whole.effects - (before?.effects ?? 0);
}
