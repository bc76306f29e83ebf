import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { FileSpec, OnChange } from '../../../src/model/container.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import type { Step } from '../../../src/model/step.ts';
import type { World } from '../../../src/rollout/world.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import { liveStamps } from '../../../src/model/file-stamps.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import type { Fate, Run } from './scenario.ts';
import { commit, containers, edit, fine, kinds, pass, run } from './scenario.ts';

const restart: OnChange = { kind: 'restart' };
const hangUp: OnChange = { kind: 'signal', signal: 'SIGHUP' };
const usr1: OnChange = { kind: 'signal', signal: 'SIGUSR1' };

interface Contents {
  readonly a?: string;
  readonly b?: string;
}

/** Three instances with the files `/a` and `/b`. */
function web(
  { a = 'one', b = 'one' }: Contents,
  [ofA, ofB]: readonly [OnChange | null, OnChange | null],
  facts: ServiceFacts = {},
): ServiceSpec {
  const files = [fileOf('/a', a, ofA), fileOf('/b', b, ofB)];
  return aService({ replicas: 3, ...facts, container: { files } });
}

function fileOf(target: string, text: string, onChange: OnChange | null): FileSpec {
  const content = Buffer.from(text).toString('base64');
  const file = { target, content, mode: 0o644, uid: 0, gid: 0 };
  return onChange === null ? file : { ...file, onChange };
}

function deployed(service: ServiceSpec): World {
  return run(aWorld([anApplication([service])], ['host-1'])).world;
}

function change(from: ServiceSpec, to: ServiceSpec, fate?: Fate): Run {
  return run(commit(deployed(from), [anApplication([to])], 2), fate);
}

function tellings(steps: readonly Step[]): readonly string[] {
  return steps.map(({ action }) => {
    if (action.kind !== 'deliver-files') return action.kind;
    const { telling, targets } = action;
    const how = telling.kind === 'restart' ? 'restart' : telling.signals.join('+');
    return `${targets.join('+')} ${how}`;
  });
}

const deliveries = ['deliver-files 1', 'deliver-files 2', 'deliver-files 3'];

describe('a commit that changes the content of a file', () => {
  it.each<[string, OnChange]>([
    ['restart', restart],
    ['signal', hangUp],
  ])('changes it in place with %s, slot by slot, and is the cause', (_name, onChange) => {
    const from = web({}, [onChange, null]);
    const to = web({ a: 'two' }, [onChange, null]);

    const after = change(from, to);

    expect(kinds(after.steps)).toEqual(deliveries);
    expect(after.steps[0]?.cause).toMatchObject({
      commit: after.world.desired.revision.commit,
      path: 'files./a',
      changes: [{ path: 'files./a' }],
    });
    for (const { told } of containers(after.world)) {
      expect(told).toEqual(liveStamps(to.container));
    }
    const good = after.world.journal.applications.get('shop')?.lastKnownGood?.spec.services[0];
    expect(good?.container).toEqual(to.container);
    expect(after.last.drift).toEqual([]);
  });

  it('is no drift, and no repair', () => {
    const from = web({}, [restart, null]);
    const to = web({ a: 'two' }, [restart, null]);

    const decision = decide(commit(deployed(from), [anApplication([to])], 2));

    expect(decision.drift).toEqual([]);
    expect(decision.entries.map(({ kind }) => kind)).toEqual(['changed-in-place']);
  });

  it.each<[string, readonly [OnChange | null, OnChange | null], Contents, string]>([
    ['a restart does for a signal', [restart, hangUp], { a: '2', b: '2' }, '/a+/b restart'],
    ['two signals are sent', [hangUp, usr1], { a: '2', b: '2' }, '/a+/b SIGHUP+SIGUSR1'],
    ['one signal is sent once', [hangUp, hangUp], { a: '2', b: '2' }, '/a+/b SIGHUP'],
    ['what did not change is left', [restart, hangUp], { b: '2' }, '/b SIGHUP'],
  ])('of two files: %s', (_name, rules, contents, telling) => {
    const after = change(web({}, rules), web(contents, rules));

    expect(tellings(after.steps)).toEqual([telling, telling, telling]);
  });

  it('replaces the instances when one of two files asks for it', () => {
    const rules = [restart, null] as const;

    const after = change(web({}, rules), web({ a: 'two', b: 'two' }, rules));

    const created = kinds(after.steps).filter((kind) => kind.startsWith('create-container'));
    expect(created).toHaveLength(3);
    expect(tellings(after.steps)).not.toContain('/a restart');
  });

  it('goes back when the commit is reverted', () => {
    const there = change(web({}, [hangUp, null]), web({ a: 'two' }, [hangUp, null])).world;

    const back = run(commit(there, [anApplication([web({}, [hangUp, null])])], 3));

    expect(kinds(back.steps)).toEqual(deliveries);
  });
});

describe('a restart with new files', () => {
  const rules = [restart, null] as const;

  it.each<[string, ServiceFacts, number]>([
    ['one at a time', {}, 1],
    ['one, whatever parallelism says of start-first', { update: { parallelism: 2 } }, 1],
    ['as many as may be missing', { update: { order: 'stop-first', parallelism: 2 } }, 2],
    [
      'as many as may be missing, by its bound',
      { update: { parallelism: 0, maxUnavailable: { kind: 'percent', percent: 100 } } },
      3,
    ],
  ])('takes %s', (_name, facts, atOnce) => {
    const to = web({ a: 'two' }, rules, facts);

    const decision = decide(commit(deployed(web({}, rules)), [anApplication([to])], 2));

    expect(tellings(decision.steps)).toEqual(Array.from({ length: atOnce }, () => '/a restart'));
  });

  it('is not taken while another instance does not serve', () => {
    const sick = edit(deployed(web({}, rules)), (one) =>
      one.name.startsWith('shop-web-3') ? { ...one, health: 'unhealthy' } : one,
    );
    const to = web({ a: 'two' }, rules);

    const decision = decide(commit(sick, [anApplication([to])], 2));

    expect(decision.steps.map(({ slot }) => slot)).toEqual(['3']);
  });

  it('waits for the instance before it to pass its gate', () => {
    const probe = { kind: 'tcp', port: 80, intervalMs: 1, timeoutMs: 1 } as const;
    const facts = { gate: { probe, minHealthyTimeMs: 0, healthyDeadlineMs: 10_000 } };
    const start = aWorld([anApplication([web({}, rules, facts)])], ['host-1']);
    const ready = predict(start).end;
    const to = web({ a: 'two' }, rules, facts);

    // Nobody answers the probes of the restarted instance.
    const after = run(commit(ready, [anApplication([to])], 2));

    expect(tellings(after.steps)).toEqual(['/a restart']);
    expect(after.last.applications[0]?.waiting).toContainEqual(
      expect.objectContaining({ slot: '1', kind: 'gate' }),
    );
    expect(after.last.settled).toBe(false);
    const good = after.world.journal.applications.get('shop')?.lastKnownGood?.spec.services[0];
    expect(good?.container).toEqual(web({}, rules, facts).container);
  });

  it('stops at the first instance that does not survive it', () => {
    const bad = liveStamps(web({ a: 'bad' }, rules).container)['/a'];
    const crashes = ({ told }: ObservedContainer): Partial<ObservedContainer> =>
      told?.['/a'] === bad ? { state: 'restarting', exitCode: 1 } : {};

    const after = change(web({}, rules), web({ a: 'bad' }, rules), crashes);

    expect(kinds(after.steps)).toEqual(['deliver-files 1']);
    expect(after.last.applications[0]?.conditions).toContainEqual(
      expect.objectContaining({ reason: 'CrashLoop', status: true }),
    );

    const back = run(commit(after.world, [anApplication([web({}, rules)])], 3));

    expect(tellings(back.steps)).toEqual(['/a restart']);
    expect(back.last.drift).toEqual([]);
  });

  it.each<[string, (world: World) => World]>([
    ['by an operator that runs', (world) => world],
    ['by who has just come', (world) => ({ ...world, readiness: new Map() })],
  ])('is foreseen %s, with what is missing meanwhile', (_name, seen) => {
    const to = web({ a: 'two' }, rules);

    const plan = predict(seen(commit(deployed(web({}, rules)), [anApplication([to])], 2)));

    expect(plan.waves.map((wave) => tellings(wave))).toEqual([
      ['/a restart'],
      ['/a restart'],
      ['/a restart'],
    ]);
    expect(plan.lowest).toMatchObject([{ service: 'web', before: 3, lowest: 2 }]);
    expect(plan.last.settled).toBe(true);
  });
});

function altered(service: ServiceSpec, slots: readonly string[]): World {
  return edit(deployed(service), (one) =>
    slots.some((slot) => one.name.startsWith(`shop-web-${slot}`))
      ? { ...one, altered: { '/a': 'evil' } }
      : one,
  );
}

describe('a file that somebody altered', () => {
  it.each<[string, OnChange, string]>([
    ['restarts', restart, '/a restart'],
    ['gets SIGHUP', hangUp, '/a SIGHUP'],
  ])('is drift, is written anew, and the container %s', (what, onChange, telling) => {
    const world = altered(web({}, [onChange, null]), ['2']);

    const decision = decide(world);

    expect(decision.drift).toMatchObject([
      { slot: '2', path: 'files./a', observed: 'evil', action: 'heal' },
    ]);
    expect(decision.drift[0]?.note).toContain(what);
    expect(tellings(decision.steps)).toEqual([telling]);
    const after = run(world);
    expect(kinds(after.steps)).toEqual(['deliver-files 2']);
    expect(after.last.drift).toEqual([]);
  });

  it('is healed in one instance after the other when that restarts them', () => {
    const world = altered(web({}, [restart, null]), ['1', '2', '3']);

    expect(decide(world).steps.map(({ slot }) => slot)).toEqual(['1']);
    expect(kinds(run(world).steps)).toEqual(deliveries);
  });

  it('is told of again when nobody knows whether the container was', () => {
    const service = web({}, [restart, null]);
    const world = edit(deployed(service), (one) =>
      one.name.startsWith('shop-web-2') ? { ...one, told: { '/a': 'pending' } } : one,
    );

    expect(kinds(run(world).steps)).toEqual(['deliver-files 2']);
  });
});

it('a version that was given up is tried again with other files', () => {
  const rules = [restart, null] as const;
  const stamp = liveStamps(web({ a: 'bad' }, rules).container)['/a'];
  const crashes: Fate = ({ told }) =>
    told?.['/a'] === stamp ? { state: 'exited', exitCode: 1, published: [] } : {};
  const first = aWorld([anApplication([web({ a: 'bad' }, rules)])], ['host-1']);
  const failed = run(first, crashes);
  expect(failed.last.applications[0]?.conditions).toContainEqual(
    expect.objectContaining({ reason: 'Halted', status: true }),
  );

  const after = run(commit(failed.world, [anApplication([web({}, rules)])], 2), crashes);

  expect(containers(after.world).map(({ state }) => state)).toEqual([
    'running',
    'running',
    'running',
  ]);
  expect(after.last.settled).toBe(true);
});

it('who is started anew by a change in place must show that it is well before the next begins', () => {
  const rules = [restart, null] as const;
  const facts = { gate: { minHealthyTimeMs: 10_000 } };
  const start = run(aWorld([anApplication([web({}, rules, facts)])], ['host-1'])).world;
  const world = commit(start, [anApplication([web({ a: 'two' }, rules, facts)])], 2);

  const first = decide(world);
  const second = decide(pass(world, first, first.steps, fine));

  expect(second.steps).toEqual([]);
  expect(second.applications[0]?.waiting).toContainEqual(
    expect.objectContaining({ slot: '1', kind: 'gate' }),
  );
});

it('without a journal, who may have been restarted a moment ago must show that it is well', () => {
  const rules = [restart, null] as const;
  const facts = { gate: { minHealthyTimeMs: 10_000 } };
  const start = run(aWorld([anApplication([web({}, rules, facts)])], ['host-1'])).world;
  const world = commit(start, [anApplication([web({ a: 'two' }, rules, facts)])], 2);
  const after = pass(world, decide(world), decide(world).steps, fine);

  const decision = decide({ ...after, journal: emptyJournal });

  expect(decision.steps).toEqual([]);
});
