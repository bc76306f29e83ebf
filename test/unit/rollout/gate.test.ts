import { describe, expect, it } from 'vitest';

import type { ContainerId } from '../../../src/model/names.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import type { ProbeResult, Readiness, ReadinessMap } from '../../../src/model/readiness.ts';
import type { Watched } from '../../../src/rollout/gate.ts';
import { judge, trackReadiness } from '../../../src/rollout/gate.ts';
import { anInstance, aService, type ServiceFacts } from '../../support/builders.ts';

const started = 100_000;
const probe = { kind: 'tcp', port: 80, intervalMs: 100, timeoutMs: 100 } as const;

function aContainer(facts: Partial<ObservedContainer> = {}): ObservedContainer {
  return anInstance(aService(), {}, { startedAt: started, ...facts }).container;
}

function ready(readySince: number | null, startedAt = started): Readiness {
  const reason = readySince === null ? 'HTTP 503 from /' : '';
  return {
    startedAt,
    readySince,
    passed: false,
    reason,
    checkedAt: Number.MAX_SAFE_INTEGER,
  };
}

const { gate } = aService({ gate: { minHealthyTimeMs: 1_000, healthyDeadlineMs: 60_000 } });
const deadline = started + 60_000;
const answered = started + 6_500;

describe('judge()', () => {
  const rows: readonly {
    name: string;
    facts?: Partial<ObservedContainer>;
    readiness?: Readiness;
    now: number;
    verdict: object;
  }[] = [
    {
      name: 'passes after minHealthyTime without a break',
      readiness: { ...ready(started), passed: true },
      now: started + 1_000,
      verdict: { kind: 'passed' },
    },
    {
      name: 'does not pass by time alone: the last answer must be from its end',
      readiness: { ...ready(started), checkedAt: started + 999 },
      now: started + 1_400,
      verdict: { kind: 'waiting', until: started + 1_900 },
    },
    {
      name: 'waits for the rest of minHealthyTime',
      readiness: ready(started),
      now: started + 999,
      verdict: { kind: 'waiting', until: started + 1_000 },
    },
    {
      name: 'does not count a deadline that passed while nobody looked',
      readiness: { ...ready(null), checkedAt: deadline - 1 },
      now: deadline + 60_000,
      verdict: { kind: 'waiting', until: deadline + 60_500 },
    },
    {
      name: 'does not count it before the first look either',
      readiness: { ...ready(null), reason: 'not probed yet', checkedAt: null },
      now: deadline + 60_000,
      verdict: { kind: 'waiting', until: deadline + 60_500 },
    },
    {
      name: 'waits for the first probe',
      now: started,
      verdict: { kind: 'waiting', until: deadline, reason: 'not probed yet' },
    },
    {
      name: 'does not believe what was seen before a restart',
      readiness: ready(started - 5_000, started - 5_000),
      now: started + 5_000,
      verdict: { kind: 'waiting', until: deadline, reason: 'not probed yet' },
    },
    {
      name: 'waits until the deadline while it is not ready, and says why',
      readiness: ready(null),
      now: deadline - 1,
      verdict: { kind: 'waiting', until: deadline, reason: 'HTTP 503 from /' },
    },
    {
      name: 'fails at the deadline',
      readiness: ready(null),
      now: deadline,
      verdict: {
        kind: 'failed',
        reason: 'DeadlineExceeded',
        message: 'it was not ready within 60 s: HTTP 503 from /',
      },
    },
    {
      name: 'does not enforce the deadline on one that is ready',
      readiness: ready(deadline + 5_000),
      now: deadline + 5_500,
      verdict: { kind: 'waiting', until: deadline + 6_000 },
    },
    {
      name: 'fails with the exit code',
      facts: { state: 'exited', exitCode: 3 },
      now: started,
      verdict: {
        kind: 'failed',
        reason: 'Exited',
        message: 'it exited with code 3 before it was ready',
      },
    },
    {
      name: 'fails when the engine restarts it',
      facts: { state: 'restarting', exitCode: 1 },
      now: started,
      verdict: { kind: 'failed', reason: 'Exited' },
    },
    {
      name: 'fails for want of memory',
      facts: { state: 'exited', exitCode: 137, oomKilled: true },
      now: started,
      verdict: { kind: 'failed', reason: 'OutOfMemory' },
    },
    {
      name: 'fails when its own check says unhealthy',
      facts: { health: 'unhealthy' },
      readiness: ready(started),
      now: started + 5_000,
      verdict: { kind: 'failed', reason: 'Unhealthy' },
    },
    {
      name: 'takes no notice of an old verdict while it is paused',
      facts: { health: 'unhealthy', state: 'paused' },
      readiness: ready(null),
      now: started,
      verdict: { kind: 'waiting' },
    },
  ];

  it.each(rows)('$name', ({ facts, readiness, now, verdict }) => {
    expect(judge(aContainer(facts), gate, readiness, now)).toMatchObject(verdict);
  });
});

describe('trackReadiness()', () => {
  function track(
    facts: Partial<ObservedContainer>,
    gateFacts: ServiceFacts['gate'] = {},
    answer: Partial<ProbeResult> | null = null,
    before: Readiness | null = null,
  ): Readiness | undefined {
    const container = aContainer(facts);
    const watched: Watched = { container, gate: { ...gate, ...gateFacts } };
    const previous: ReadinessMap = new Map(before === null ? [] : [[container.id, before]]);
    const result = { startedAt: started, ok: true, detail: 'HTTP 200', at: answered, ...answer };
    const probes = new Map<ContainerId, ProbeResult>(
      answer === null ? [] : [[container.id, result]],
    );
    return trackReadiness(previous, [watched], probes, started + 7_000).get(container.id);
  }

  it('counts from the first look where nothing can be asked, whatever the clock of its host says', () => {
    expect(track({})).toEqual({
      startedAt: started,
      readySince: started + 7_000,
      passed: false,
      reason: '',
      checkedAt: started + 7_000,
    });
  });

  it('counts from now where the check of its own says so', () => {
    expect(track({ health: 'healthy' })?.readySince).toBe(started + 7_000);
  });

  it('counts from the first good answer where it is probed, and is as fresh as the last one', () => {
    expect(track({}, { probe }, {})).toMatchObject({ readySince: answered, checkedAt: answered });
  });

  it('keeps the time since which it has been ready', () => {
    expect(track({}, { probe }, {}, ready(started + 2_000))?.readySince).toBe(started + 2_000);
  });

  it('begins anew after a restart', () => {
    const before = ready(started - 9_000, started - 9_000);

    expect(track({}, { probe }, {}, before)?.readySince).toBe(answered);
  });

  it('says nothing of one that was never started', () => {
    expect(track({ startedAt: null, state: 'created' })).toBeUndefined();
  });

  it.each([
    ['it is paused', { state: 'paused' }, null, started + 7_000],
    ['its HEALTHCHECK has not passed yet', { health: 'starting' }, null, started + 7_000],
    ['its HEALTHCHECK reports unhealthy', { health: 'unhealthy' }, null, started + 7_000],
    ['not probed yet', {}, null, null],
    ['not probed yet', {}, { startedAt: started - 1 }, null],
    ['connection refused', {}, { ok: false, detail: 'connection refused', at: 42 }, 42],
  ] as const)('breaks off with "%s"', (reason, facts, answer, checkedAt) => {
    expect(track(facts, { probe }, answer, ready(started))).toEqual({
      startedAt: started,
      readySince: null,
      passed: false,
      reason,
      checkedAt,
    });
  });
});
