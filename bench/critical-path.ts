import type { EngineCall } from './engine-calls.ts';
import type { StepPhase, StepRecord } from './step-log.ts';
import type { Trace } from './workload.ts';

/**
 * Where time goes. `open`: before the first step; `before call` and `after call`: within a step, what is not its own call
 * (the queue and the check of the guard; the fresh look at the host); `gate`: from the end of a start to the promotion;
 * `decide`: between the end of a step and the begin of one that had to wait for it; `close`: after the last step.
 */
export type Phase = StepPhase | 'open' | 'before call' | 'after call' | 'gate' | 'decide' | 'close';

export const phases: readonly Phase[] = [
  'open',
  'create',
  'start',
  'gate',
  'promote',
  'retire',
  'stop',
  'remove',
  'other',
  'before call',
  'after call',
  'decide',
  'close',
];

/** Milliseconds by phase. */
export type Spent = Readonly<Record<Phase, number>>;

/** Something that took time, in one slot. */
export interface Activity {
  readonly key: string;
  readonly phase: Phase;
  readonly startMs: number;
  readonly endMs: number;
}

/** What was under way, slot by slot. */
export function activitiesOf({ steps, calls }: Trace): readonly Activity[] {
  return [...steps.flatMap((step) => ofStep(step, calls)), ...gatesOf(steps)].filter(
    ({ startMs, endMs }) => endMs > startMs,
  );
}

/** The sums over all slots; at parallelism 2 they come to about twice the time that has passed. */
export function sums(activities: readonly Activity[]): Spent {
  return spend(activities.map(({ phase, startMs, endMs }) => [phase, endMs - startMs]));
}

/**
 * The parts of the one chain that the whole time consists of: from the end backwards, each activity is preceded by the
 * last one in the same slot, and the first of a slot by whatever ended last before it anywhere.
 */
export function criticalPath(activities: readonly Activity[], begin: number, end: number): Spent {
  const parts: (readonly [Phase, number])[] = [];
  let left = activities;
  let current = lastBefore(left, end, null);
  let at = end;
  let between: Phase = 'close';
  while (current !== null) {
    const { key, phase, startMs, endMs } = current;
    parts.push([between, at - endMs], [phase, endMs - startMs]);
    const passed = current;
    left = left.filter((activity) => activity !== passed && activity.endMs <= startMs);
    at = startMs;
    between = 'decide';
    current = lastBefore(left, at, key) ?? lastBefore(left, at, null);
  }
  parts.push(['open', at - begin]);
  return spend(parts);
}

function lastBefore(
  activities: readonly Activity[],
  at: number,
  key: string | null,
): Activity | null {
  let last: Activity | null = null;
  for (const activity of activities) {
    if (activity.endMs > at || (key !== null && activity.key !== key)) continue;
    if (last === null || activity.endMs > last.endMs) last = activity;
  }
  return last;
}

function ofStep(step: StepRecord, calls: readonly EngineCall[]): readonly Activity[] {
  const { key, phase, startMs, endMs } = step;
  const call = calls.find(
    (one) =>
      one.kind === step.call &&
      one.path.includes(step.subject) &&
      one.startMs >= startMs &&
      one.endMs <= endMs,
  );
  if (call === undefined) return [{ key, phase, startMs, endMs }];
  return [
    { key, phase: 'before call', startMs, endMs: call.startMs },
    { key, phase, startMs: call.startMs, endMs: call.endMs },
    { key, phase: 'after call', startMs: call.endMs, endMs },
  ];
}

function gatesOf(steps: readonly StepRecord[]): readonly Activity[] {
  return steps.flatMap((start) => {
    if (start.phase !== 'start') return [];
    const promotion = steps.find(
      ({ phase, subject }) => phase === 'promote' && subject === start.subject,
    );
    if (promotion === undefined) return [];
    return [
      { key: start.key, phase: 'gate' as const, startMs: start.endMs, endMs: promotion.startMs },
    ];
  });
}

function spend(parts: readonly (readonly [Phase, number])[]): Spent {
  const of = (phase: Phase): number =>
    parts.reduce((sum, [one, ms]) => (one === phase ? sum + ms : sum), 0);
  return Object.fromEntries(phases.map((phase) => [phase, of(phase)])) as Record<Phase, number>;
}
