import type { CanaryStep, Gate, RolloutPolicy, Share } from '../../model/application.ts';
import { present } from '../../model/present.ts';
import { child, items, readNumber, readText, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { resolveAnalysis } from './analysis.ts';
import { readDuration } from './duration.ts';
import { readStrategy, rolloutKey } from './rollout-key.ts';

const defaultAttempts = 2;
const leastProgressDeadlineMs = 10 * 60_000;

/**
 * `x-fleetwright.rollout` of a service and of its application.
 *
 * @param monitorMs how long canaries are watched when nothing else is written
 */
export function resolveRollout(
  subject: Subject,
  service: Cursor,
  monitorMs: number,
  gate: Gate,
): RolloutPolicy {
  const strategy = readStrategy(subject, service);
  const isManual = readText(rolloutKey(subject, service, 'promote')) === 'manual';
  const deadline = readDuration(rolloutKey(subject, service, 'progressDeadline'));
  return {
    strategy,
    steps: resolveSteps(subject, service, strategy, monitorMs),
    promote: strategy !== 'rolling' && isManual ? 'manual' : 'auto',
    attempts: readNumber(rolloutKey(subject, service, 'attempts')) ?? defaultAttempts,
    progressDeadlineMs: deadline ?? defaultProgressDeadline(gate),
    ...present({ analysis: strategy === 'rolling' ? null : resolveAnalysis(subject, service) }),
  };
}

/** A job is tried once: what it did before it failed may not bear a second time. */
export function rolloutOfJob(gate: Gate): RolloutPolicy {
  return {
    strategy: 'rolling',
    steps: [],
    promote: 'auto',
    attempts: 1,
    progressDeadlineMs: defaultProgressDeadline(gate),
  };
}

function defaultProgressDeadline({ healthyDeadlineMs }: Gate): number {
  return Math.max(leastProgressDeadlineMs, 2 * healthyDeadlineMs);
}

function resolveSteps(
  subject: Subject,
  service: Cursor,
  strategy: RolloutPolicy['strategy'],
  monitorMs: number,
): readonly CanaryStep[] {
  switch (strategy) {
    case 'rolling':
      return [];
    case 'canary':
      return items(rolloutKey(subject, service, 'steps')).map((step) => ({
        slots: readAmount(step),
        bakeMs: readDuration(child(step, 'bake')) ?? monitorMs,
      }));
    case 'blue-green': {
      const bakeMs = readDuration(rolloutKey(subject, service, 'bake')) ?? monitorMs;
      return [{ slots: { kind: 'percent', percent: 100 }, bakeMs }];
    }
  }
}

function readAmount(step: Cursor): Share {
  const percent = readNumber(child(step, 'percent'));
  if (percent !== null) return { kind: 'percent', percent };
  return { kind: 'count', count: readNumber(child(step, 'replicas')) ?? 1 };
}
