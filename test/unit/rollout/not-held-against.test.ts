/** What the operator puts off itself, cannot know or has caused is not held against a version. */
import { describe, expect, it } from 'vitest';

import type { ObservedContainer } from '../../../src/model/observation.ts';
import { noRestart } from '../../../src/model/container.ts';
import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import type { ContainerId } from '../../../src/model/names.ts';
import type { Readiness } from '../../../src/model/readiness.ts';
import type { Step, StepFailure } from '../../../src/model/step.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aConstraint, anApplication, aService, aWorld } from '../../support/builders.ts';
import { deployed, neverReady, play, playUntil, shop } from './play.ts';
import {
  commit,
  containers,
  decisionOf,
  edit,
  kinds,
  run,
  running,
  seeing,
  stalledBy,
} from './scenario.ts';

const limitMs = 90_000;
const facts: ServiceFacts = { replicas: 2, rollout: { progressDeadlineMs: limitMs, attempts: 1 } };
const isWatchedLong: ServiceFacts = { ...facts, update: { monitorMs: 24 * 60 * 60_000 } };
const full: StepFailure = { class: 'infrastructure', reason: 'NoSpace', message: 'disk is full' };

function isGivenUp(entries: readonly { readonly kind: string }[]): boolean {
  return entries.some(({ kind }) => kind === 'quarantined');
}

function isV2({ spec }: ObservedContainer): boolean {
  return spec.image === 'testapp:v2';
}

/** No host has this image. */
function without(image: string, world: World): World {
  const hosts = [...world.observations.values()].map((host) =>
    host.kind === 'unreachable'
      ? host
      : { ...host, images: host.images.filter(({ tags }) => !tags.includes(image)) },
  );
  return seeing(world, ...hosts);
}

function atStart(step: Step): StepFailure | null {
  return step.action.kind === 'start-container' ? full : null;
}

/** v2 is promoted and watched when the disks fill up and all of it is stopped. */
function stoppedOnFullDisks(): World {
  const start = commit(deployed('v1', isWatchedLong), shop('v2', isWatchedLong), 2);
  const { world } = playUntil(start, (_world, decision) =>
    decisionOf(decision).waiting.some(({ kind }) => kind === 'monitor'),
  );
  return edit(world, (one) => (isV2(one) ? { ...one, state: 'exited', exitCode: 0 } : one));
}

describe('the progress deadline', () => {
  it('does not end what waits for the next try of a repair that a full disk refuses', () => {
    const { entries, last } = play(stoppedOnFullDisks(), 20 * 60_000, { refuse: atStart });

    expect(isGivenUp(entries)).toBe(false);
    expect(stalledBy(last)).not.toBe('');
  });

  it('counts from the next try when an operator that knows of no failure finds it put off', () => {
    const { world } = play(stoppedOnFullDisks(), 5 * 60_000, { refuse: atStart });
    const forgetful = { ...world, failures: new Map(), watchingSince: world.now };

    const { entries, world: healed } = play(forgetful, 10 * 60_000);

    expect(isGivenUp(entries)).toBe(false);
    expect(running(healed)).toEqual(['testapp:v2', 'testapp:v2']);
  });

  it('does not end a first pull, however long it takes', () => {
    const start = without('testapp:v2', commit(deployed('v1', facts), shop('v2', facts), 2));
    const hosts = start.desired.fleet.hosts.map(({ name }) => `${name}/image/testapp:v2`);
    const pulling = {
      ...start,
      inFlight: new Map(hosts.map((key) => [key, 'pull-image' as const])),
    };

    const { entries, world } = play(pulling, 10 * limitMs);

    expect(isGivenUp(entries)).toBe(false);
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
  });

  it('fails nothing beside what has failed and halted the rollout', () => {
    const side = aService({ ...facts, name: 'side', container: { image: 'testapp:v2' } });
    const web = aService({
      ...facts,
      dependsOn: [{ service: 'side', condition: 'healthy', required: true }],
    });

    const { entries } = play(aWorld([anApplication([side, web])]), 10 * limitMs, {
      fate: (one) => (isV2(one) ? { state: 'exited', exitCode: 1 } : {}),
    });

    expect(entries.filter(({ kind }) => kind === 'quarantined')).toHaveLength(1);
  });
});

function justRestarted(world: World): World {
  const { now } = world;
  return edit(world, (one) => ({ ...one, restartCount: 1, finishedAt: now, startedAt: now }));
}

describe('a restart', () => {
  it('from before a rollout that is begun anew, since its journal was lost, is no failure', () => {
    const then = justRestarted(deployed('v1', facts));
    const later = { ...then, now: then.now + 60_000, watchingSince: then.now + 60_000 };

    const { entries, last } = run({ ...later, journal: emptyJournal });

    expect(isGivenUp(entries)).toBe(false);
    expect(last.settled).toBe(true);
  });

  it('of the old revision, long past, excuses the new one no more', () => {
    const start = commit(deployed('v1', facts), shop('v2', facts), 2);
    const { world } = play(start, 4_000, { fate: neverReady });
    const beside = edit(world, (one) =>
      isV2(one) ? one : { ...one, restartCount: 1, startedAt: world.now },
    );

    const { entries } = play(beside, 30 * 60_000, {
      fate: (one) => (isV2(one) ? { state: 'exited', exitCode: 1 } : {}),
    });

    expect(isGivenUp(entries)).toBe(true);
  });
});

it('an instance that has failed after its promotion is not promoted again without its restart policy', () => {
  const goesOn: ServiceFacts = { ...facts, update: { failureAction: 'continue' } };
  const start = commit(deployed('v1', goesOn), shop('v2', goesOn), 2);

  const { entries } = play(start, 60_000, {
    fate: (one) => (isV2(one) && one.restart.name !== 'no' ? { restartCount: 1 } : {}),
  });

  const promotions = entries.filter(({ kind }) => kind === 'promoted');
  expect(promotions.length).toBeLessThanOrEqual(6);
});

describe('a version that was only ever scaled to 0', () => {
  const none = { ...facts, replicas: 0 };
  const never = run(
    commit(run(commit(deployed('v1', facts), shop('v1', none), 2)).world, shop('v2', none), 3),
  );

  it('has not proved itself: when it fails, it is given up', () => {
    const start = commit(never.world, shop('v2', facts), 4);

    const { last } = play(start, 10 * limitMs, {
      fate: (one) => (isV2(one) ? { state: 'exited', exitCode: 1 } : {}),
    });

    expect(never.last.settled).toBe(true);
    expect(decisionOf(last).target.mode).toBe('rollback');
  });

  it('is watched like any other when it comes up', () => {
    const { entries, world } = run(commit(never.world, shop('v2', facts), 4));

    expect(entries.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['rollout-started', 'promoted', 'succeeded']),
    );
    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2']);
  });
});

it('canaries that are well pass though the last step on them seemed to fail', () => {
  const canary: ServiceFacts = {
    ...facts,
    rollout: { strategy: 'canary', steps: [{ slots: { kind: 'count', count: 1 }, bakeMs: 4_000 }] },
  };
  const start = commit(deployed('v1', canary), shop('v2', canary), 2);
  const { world } = playUntil(start, (_world, decision) =>
    decisionOf(decision).waiting.some(({ kind }) => kind === 'monitor'),
  );
  const lost = { class: 'infrastructure', reason: 'OutcomeUnknown', message: 'lost' } as const;
  const failed = { action: 'update-container', hash: '', failure: lost, attempts: 1 } as const;
  const unsure = new Map([['shop/web/1', { ...failed, retryAt: world.now }]]);

  const { world: end } = play({ ...world, failures: unsure }, 10 * 60_000);

  expect(running(end)).toEqual(['testapp:v2', 'testapp:v2']);
});

describe('what was begun before a crash', () => {
  const stopFirst: ServiceFacts = { ...facts, replicas: 3, update: { order: 'stop-first' } };
  const start = commit(deployed('v1', stopFirst), shop('v2', stopFirst), 2);
  /** Slot 2 was about to make room. */
  const { world: begun } = playUntil(
    start,
    (now) => now.journal.slots.get('shop/web/2')?.vacating === true,
  );

  it('goes on when nothing else is missing', () => {
    expect(running(play(begun, 5 * 60_000).world)).toEqual(
      Array.from({ length: 3 }, () => 'testapp:v2'),
    );
  });

  it('waits when another slot has lost its place in between', () => {
    const serving = containers(begun).filter(({ state }) => state === 'running');
    const other = serving.find(({ labels }) => labels['fleetwright.slot'] !== '2');
    const hurt = edit(begun, (one) => (one === other ? null : one));

    const { steps } = play(hurt, 2_000);

    const slots = steps.flatMap(({ action, slot }) =>
      action.kind === 'stop-container' || action.kind === 'update-container' ? [slot] : [],
    );
    expect(slots).not.toContain('2');
  });
});

it('an old instance on its way out is kept up while its successor, on another host, cannot begin', () => {
  const before = deployed('v1', {
    ...facts,
    constraints: [aConstraint('node.hostname == host-1')],
  });
  const elsewhere = { ...facts, constraints: [aConstraint('node.hostname == host-2')] };
  const start = without('testapp:v2', commit(before, shop('v2', elsewhere), 2));
  const leaving = edit(start, (one) => ({ ...one, restart: noRestart }));
  const down: StepFailure = { class: 'infrastructure', reason: 'RegistryAway', message: 'away' };

  const restarted = { ...leaving, readiness: new Map(), watchingSince: leaving.now };
  const { steps, world } = play(restarted, 30_000, {
    refuse: ({ action }) => (action.kind === 'pull-image' ? down : null),
  });

  expect(steps.map(({ action }) => action.kind)).not.toContain('stop-container');
  expect(containers(world).every(({ restart }) => restart.name !== 'no')).toBe(true);
});

describe('the old instance beside one that was promoted and started anew', () => {
  const start = commit(deployed('v1', facts), shop('v2', facts), 2);
  const { world } = playUntil(start, (now) =>
    containers(now).some((one) => isV2(one) && one.restart.name !== 'no'),
  );
  const anew = edit(world, (one) =>
    isV2(one) ? { ...one, startedAt: world.now, health: 'starting' } : one,
  );

  it('serves on until the gate of the other has passed again', () => {
    const slow: ServiceFacts = { ...facts, gate: { minHealthyTimeMs: 30_000 } };
    const beside = playUntil(commit(deployed('v1', slow), shop('v2', slow), 2), (now) =>
      containers(now).some((one) => isV2(one) && one.restart.name !== 'no'),
    ).world;
    const again = edit(beside, (one) => (isV2(one) ? { ...one, startedAt: beside.now } : one));

    const { steps, last } = play(again, 20_000);
    const { world: end } = play(again, 5 * 60_000);

    expect(decisionOf(last).waiting).toMatchObject([{ kind: 'gate' }, { kind: 'turn' }]);
    expect(steps.map(({ action }) => action.kind)).not.toContain('stop-container');
    expect(running(end)).toEqual(['testapp:v2', 'testapp:v2']);
  });

  it('serves on, after a crash in the middle of its retirement, until the other has been asked', () => {
    const slow: ServiceFacts = { ...facts, gate: { minHealthyTimeMs: 30_000 } };
    const beside = playUntil(commit(deployed('v1', slow), shop('v2', slow), 2), (now) =>
      containers(now).some((one) => isV2(one) && one.restart.name !== 'no'),
    ).world;
    const leaving = edit(beside, (one) => (isV2(one) ? one : { ...one, restart: noRestart }));
    const now = leaving.now + 60_000;

    const { steps } = play({ ...leaving, now, readiness: new Map(), watchingSince: now }, 20_000);

    expect(steps.map(({ action }) => action.kind)).not.toContain('stop-container');
  });

  it('serves on while the other does not serve at all', () => {
    const { steps, world: end } = play(anew, 20_000, { fate: neverReady });

    expect(steps.map(({ action }) => action.kind)).not.toContain('stop-container');
    expect(running(end).filter((image) => image === 'testapp:v1').length).toBeGreaterThan(0);
  });

  it('serves on when the other has not passed its gate again within its deadline', () => {
    const port = { target: 8080, protocol: 'tcp', hostIp: '', published: '' } as const;
    const open: ServiceFacts = { ...facts, container: { ports: [port] } };
    const v2 = { ...open, container: { image: 'testapp:v2', ports: [port] } };
    const beside = playUntil(commit(deployed('v1', open), shop('v2', v2), 2), (one) =>
      containers(one).some((container) => isV2(container) && container.restart.name !== 'no'),
    ).world;
    const probe = { kind: 'tcp', port: 8080, intervalMs: 250, timeoutMs: 1_000 } as const;
    const asked = commit(beside, shop('v2', { ...v2, gate: { probe } }), 3);
    const now = asked.now + aService().gate.healthyDeadlineMs;
    const answers = containers(asked).map(({ id, startedAt }): [ContainerId, Readiness] => [
      id,
      { startedAt: startedAt ?? 0, readySince: null, passed: false, reason: 'no', checkedAt: now },
    ]);

    const late = { ...asked, now, readiness: new Map(answers) };
    const journal = decide(late).entries.reduce(reduceJournal, late.journal);

    const { steps } = decide({ ...late, journal });

    expect(kinds(steps)).toEqual([]);
  });

  it('goes at once when it is the one that has failed', () => {
    const slow: ServiceFacts = { ...facts, gate: { minHealthyTimeMs: 30_000 } };
    const beside = playUntil(commit(deployed('v1', slow), shop('v2', slow), 2), (now) =>
      containers(now).some((one) => isV2(one) && one.restart.name !== 'no'),
    ).world;
    const failed = edit(beside, (one) =>
      isV2(one) ? { ...one, restartCount: 1 } : { ...one, startedAt: beside.now },
    );

    const { world: end } = play(failed, 20_000);

    expect(running(end)).toEqual(['testapp:v1', 'testapp:v1']);
  });

  it('goes then', () => {
    const { world: end } = play(anew, 5 * 60_000, {
      fate: (one) => (isV2(one) ? { health: 'none' } : {}),
    });

    expect(running(end)).toEqual(['testapp:v2', 'testapp:v2']);
  });
});
