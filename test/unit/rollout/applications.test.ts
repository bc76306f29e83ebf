/** Several applications that wait for each other, or land together. */
import { describe, expect, it } from 'vitest';

import type { ApplicationDependency, ApplicationSpec } from '../../../src/model/application.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { label } from '../../../src/model/labels.ts';
import type { Condition } from '../../../src/model/condition.ts';
import type { Step } from '../../../src/model/step.ts';
import type { Decision } from '../../../src/rollout/decide.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aJournal, anApplication, aService, aWorld, origin } from '../../support/builders.ts';
import type { Fate } from './scenario.ts';
import { commit, containers, decisionOf, edit, fine, pass, run, stalledBy } from './scenario.ts';

function on(
  application: string,
  facts: Partial<ApplicationDependency> = {},
): ApplicationDependency {
  return { application, condition: 'healthy', required: true, origin, ...facts };
}

function app(
  name: string,
  tag: string,
  facts: Partial<ApplicationSpec> = {},
  service: ServiceFacts = {},
): ApplicationSpec {
  const web = aService({
    ...service,
    container: { image: `testapp:${tag}`, ...service.container },
  });
  return anApplication([web], { name, ...facts });
}

/** The second version of these applications exits as soon as it is started. */
function breaks(...names: readonly string[]): Fate {
  return ({ labels, spec }) =>
    names.includes(labels[label.application] ?? '') && spec.image === 'testapp:v2'
      ? { state: 'exited', exitCode: 1 }
      : {};
}

/** What each application runs: `db v1`. */
function running(world: World): readonly string[] {
  return containers(world)
    .filter(({ state }) => state === 'running')
    .map(
      ({ labels, spec }) => `${labels[label.application] ?? ''} ${spec.image.split(':')[1] ?? ''}`,
    )
    .toSorted();
}

/** The order in which new instances were made. */
function created(steps: readonly Step[]): readonly string[] {
  return steps
    .filter(({ action }) => action.kind === 'create-container')
    .map(({ application }) => application);
}

function removed(steps: readonly Step[]): readonly string[] {
  return steps
    .filter(({ action }) => action.kind === 'remove-container')
    .map(({ application }) => application);
}

function stalled(decision: Decision, name: string): Condition | undefined {
  return decisionOf(decision, name).conditions.find(({ type }) => type === 'Stalled');
}

function commitOf(world: World, name: string): string | undefined {
  return world.journal.applications.get(name)?.lastKnownGood?.commit.replace(/^0+/u, '');
}

function rolloutsOf(entries: readonly JournalEntry[]): readonly string[] {
  return entries.flatMap((entry) => (entry.kind === 'rollout-started' ? entry.application : []));
}

/** Passes until something is so, at most a hundred. */
function until(start: World, isSo: (world: World) => boolean, fate: Fate = fine): World {
  let world = start;
  for (let round = 0; round < 100; round += 1) {
    if (isSo(world)) return world;
    const decision = decide(world);
    world = pass(world, decision, decision.steps, fate);
  }
  throw new Error('it never came to that');
}

/** `web` depends on `db`, and `blog` on nothing. */
function shop(tag: string, facts: Partial<ApplicationDependency> = {}): readonly ApplicationSpec[] {
  return [app('blog', tag), app('db', tag), app('web', tag, { dependsOn: [on('db', facts)] })];
}

/** `zoo` depends on `web`, which depends on `db`. */
function chain(tag: string): readonly ApplicationSpec[] {
  return [...shop(tag), app('zoo', tag, { dependsOn: [on('web')] })];
}

const withoutDatabase: Fate = ({ labels }) =>
  labels[label.application] === 'db' ? { state: 'exited', exitCode: 1 } : {};

describe('an application that depends on another', () => {
  const before = run(aWorld(shop('v1'))).world;

  it('is deployed after it', () => {
    const { steps, last } = run(aWorld(shop('v1')));

    expect(created(steps)).toEqual(['blog', 'db', 'web']);
    expect(last.settled).toBe(true);
  });

  it('changes when last-known-good of the other has moved, and not before', () => {
    const started = commit(before, shop('v2'), 2);

    const ready = until(started, (world) => created(decide(world).steps).includes('web'));

    expect(running(ready)).toEqual(['blog v2', 'db v2', 'web v1']);
    expect(decide(ready).entries).toContainEqual(
      expect.objectContaining({ kind: 'succeeded', application: 'db' }),
    );
    expect(run(ready).last.settled).toBe(true);
  });

  it('says what it waits for meanwhile, and its clock does not run', () => {
    const waiting = until(commit(before, shop('v2'), 2), (world) =>
      running(world).includes('db v2'),
    );

    const decision = decisionOf(decide(waiting), 'web');

    expect(decision.hold).toMatchObject({ kind: 'waiting', application: 'db' });
    expect(decision.waiting).toMatchObject([{ reason: 'application "db" is not healthy yet' }]);
    expect(decision.conditions).toMatchObject([
      { type: 'Ready', status: false },
      { type: 'Reconciling', status: true, message: 'application "db" is not healthy yet' },
      { type: 'Stalled', status: false },
    ]);
    expect(waiting.journal.applications.get('web')?.rollout).toBeNull();
  });

  it('is blocked at its former version when the other is rolled back, and is no failure', () => {
    const { world, last, entries } = run(commit(before, shop('v2'), 2), breaks('db'));

    expect(running(world)).toEqual(['blog v2', 'db v1', 'web v1']);
    expect(stalled(last, 'web')).toMatchObject({
      reason: 'DependencyFailed',
      message: expect.stringContaining('application "db" was rolled back: web: ') as string,
    });
    expect(rolloutsOf(entries)).not.toContain('web');
    expect(world.journal.applications.get('web')?.quarantined).toEqual([]);
    expect(decisionOf(last, 'web').health).toBe('healthy');
    expect(stalledBy(last, 'blog')).toBe('');
  });

  it('goes on when a commit mends the other', () => {
    const failed = run(commit(before, shop('v2'), 2), breaks('db')).world;
    const mended = [app('blog', 'v2'), app('db', 'v3'), ...shop('v2').slice(2)];

    const { world, last } = run(commit(failed, mended, 3), breaks('db'));

    expect(running(world)).toEqual(['blog v2', 'db v3', 'web v2']);
    expect(last.settled).toBe(true);
  });

  it('blocks those that depend on it in turn', () => {
    const { last } = run(commit(run(aWorld(chain('v1'))).world, chain('v2'), 2), breaks('db'));

    expect(stalled(last, 'zoo')?.message).toMatch(
      /^application "web" is held back: application "db" was rolled back: /u,
    );
  });

  it('is repaired at its former version while the other is down', () => {
    const blocked = run(commit(before, shop('v2'), 2), breaks('db')).world;
    const lost = edit(blocked, (container) =>
      ['web', 'db'].includes(container.labels[label.application] ?? '') ? null : container,
    );
    const healed = until(lost, (world) => running(world).includes('web v1'), withoutDatabase);

    expect(running(healed)).toEqual(['blog v2', 'web v1']);
  });

  it('is not held back when nothing of it changes, whatever becomes of the other', () => {
    const [blog, db, web] = [app('blog', 'v1'), app('db', 'v2'), ...shop('v1').slice(2)];
    const next = commit(before, [blog, db, web ?? blog], 2);

    const { last, world } = run(next, breaks('db'));

    expect(decisionOf(last, 'web').hold).toBeNull();
    expect(stalledBy(last, 'web')).toBe('');
    expect(commitOf(world, 'web')).toBe('1');
  });

  it('waits for the resumption of one that is suspended in a change', () => {
    const suspended = shop('v2').map((spec) =>
      spec.name === 'db' ? { ...spec, suspend: true } : spec,
    );

    const { last, world } = run(commit(before, suspended, 2));

    expect(running(world)).toEqual(['blog v2', 'db v1', 'web v1']);
    expect(stalled(last, 'web')).toMatchObject({ message: 'application "db" is suspended' });
    expect(running(run(commit(world, shop('v2'), 3)).world)).toEqual([
      'blog v2',
      'db v2',
      'web v2',
    ]);
  });

  it('does not wait for one that is suspended as it is', () => {
    const suspended = shop('v2').map((spec) =>
      spec.name === 'db' ? app('db', 'v1', { suspend: true }) : spec,
    );

    const { world } = run(commit(before, suspended, 2));

    expect(running(world)).toEqual(['blog v2', 'db v1', 'web v2']);
  });

  it('is learnt anew without a step when the journal is lost', () => {
    const { world, steps, last } = run(commit({ ...before, journal: aJournal() }, shop('v1'), 1));

    expect(steps).toEqual([]);
    expect(last.settled).toBe(true);
    expect(commitOf(world, 'web')).toBe('1');
  });

  it('goes on with a rollout that had begun before the other changed', () => {
    const slow = { replicas: 3, update: { delayMs: 10_000 } };
    const web = (tag: string): ApplicationSpec => app('web', tag, { dependsOn: [on('db')] }, slow);
    const first = run(aWorld([app('db', 'v1'), web('v1')])).world;
    const begun = until(commit(first, [app('db', 'v1'), web('v2')], 2), (world) =>
      running(world).includes('web v2'),
    );

    const { world } = run(commit(begun, [app('db', 'v2'), web('v2')], 3), breaks('db'));

    expect(running(world)).toEqual(['db v1', 'web v2', 'web v2', 'web v2']);
  });
});

describe('a dependency that is not required', () => {
  it('holds nothing back when it does not exist', () => {
    const alone = [app('web', 'v1', { dependsOn: [on('db', { required: false })] })];

    const { world, last } = run(aWorld(alone));

    expect(running(world)).toEqual(['web v1']);
    expect(last.settled).toBe(true);
  });

  it('is waited for while it rolls out, and no more when it has failed', () => {
    const before = run(aWorld(shop('v1', { required: false }))).world;

    const { world, steps } = run(commit(before, shop('v2', { required: false }), 2), breaks('db'));

    expect(created(steps)).toEqual(['blog', 'db', 'web']);
    expect(running(world)).toEqual(['blog v2', 'db v1', 'web v2']);
  });
});

/** The job has this exit code, whenever it is looked at. */
function ends(exitCode: number): Fate {
  return ({ labels }) =>
    labels[label.application] === 'migrate' ? { state: 'exited', exitCode } : {};
}

describe('an application that waits for a job', () => {
  const job = {
    container: { restart: { name: 'no', maximumRetryCount: 0 } },
    job: { when: 'before' },
  } as const;
  const applications = [
    app('migrate', 'v2', {}, job),
    app('web', 'v1', { dependsOn: [on('migrate', { condition: 'completed' })] }),
  ];
  const started = until(aWorld(applications), (world) =>
    containers(world).some(({ startedAt }) => startedAt !== null),
  );
  const atWork = edit(started, (container) => ({ ...container, state: 'running' }));

  it('waits while the job runs', () => {
    expect(decisionOf(decide(atWork), 'web').hold).toMatchObject({
      kind: 'waiting',
      message: 'application "migrate" is not completed yet',
    });
  });

  it('begins when the job has ended well', () => {
    const { last, steps, world } = run(atWork, ends(0));

    expect(created(steps)).toEqual(['web']);
    expect(running(world)).toEqual(['web v1']);
    expect(last.settled).toBe(true);
  });

  it('is blocked when the job has failed', () => {
    const { last, steps } = run(atWork, ends(3));

    expect(created(steps)).toEqual([]);
    expect(stalled(last, 'web')).toMatchObject({
      reason: 'DependencyFailed',
      message: expect.stringContaining('application "migrate" has failed and is halted') as string,
    });
  });
});

function waves(tag: string): readonly ApplicationSpec[] {
  return [
    app('a', tag, { wave: 2 }),
    app('b', tag, { wave: 1 }),
    app('c', tag, { wave: 1 }),
    app('d', tag, { wave: 0 }),
  ];
}

describe('waves', () => {
  const before = run(aWorld(waves('v1'))).world;

  it('go one after the other', () => {
    const { steps, last } = run(commit(before, waves('v2'), 2));

    expect(created(steps)).toEqual(['d', 'b', 'c', 'a']);
    expect(last.settled).toBe(true);
  });

  it('stop behind one that fails, and let through what is beside it', () => {
    const { world, last } = run(commit(before, waves('v2'), 2), breaks('b'));

    expect(running(world)).toEqual(['a v1', 'b v1', 'c v2', 'd v2']);
    expect(stalled(last, 'a')).toMatchObject({
      reason: 'WaveFailed',
      message: expect.stringContaining('application "b" of a lower wave was rolled back') as string,
    });
    expect(stalledBy(last, 'c')).toBe('');
  });

  it('do not wait for lower ones that do not change', () => {
    const [a = app('a', 'v2')] = waves('v2');

    const { steps } = run(commit(before, [a, ...waves('v1').slice(1)], 2));

    expect(created(steps)).toEqual(['a']);
  });
});

/** `a` and `b` land together, `c` on its own. */
function group(tag: string, second: Partial<ApplicationSpec> = {}): readonly ApplicationSpec[] {
  return [
    app('a', tag, { rolloutGroup: 'g' }),
    app('b', tag, { rolloutGroup: 'g', ...second }),
    app('c', tag),
  ];
}

/** The second version of `b` gets no further than "starting" for a while, and then it exits. */
function breaksLate(): Fate {
  let looks = 0;
  return ({ labels, spec }) => {
    if (labels[label.application] !== 'b' || spec.image !== 'testapp:v2') return {};
    looks += 1;
    return looks < 15 ? { health: 'starting' } : { state: 'exited', exitCode: 1 };
  };
}

describe('a group', () => {
  const before = run(aWorld(group('v1'))).world;

  it('moves last-known-good of all its members in one decision', () => {
    const start = commit(before, group('v2', { dependsOn: [on('a')] }), 2);

    const { last, entries } = run(start);

    expect(last.settled).toBe(true);
    const landed = entries.flatMap((entry) =>
      entry.kind === 'succeeded' ? [`${entry.application} ${String(entry.at)}`] : [],
    );
    const [, ofA, ofB] = landed;
    expect(landed).toHaveLength(3);
    expect(landed[0]?.startsWith('c ')).toBe(true);
    expect(ofA?.replace('a ', '')).toBe(ofB?.replace('b ', ''));
  });

  it('goes back as a whole when its second member fails at once', () => {
    const { world, last } = run(commit(before, group('v2'), 2), breaks('b'));

    expect(running(world)).toEqual(['a v1', 'b v1', 'c v2']);
    expect(decisionOf(last, 'a').target).toMatchObject({ mode: 'rollback', failedWith: 'b' });
    expect(stalled(last, 'a')).toMatchObject({
      reason: 'RolledBack',
      message: expect.stringContaining('with application "b" of its group: web failed') as string,
    });
    expect(world.journal.applications.get('a')?.quarantined).toEqual([]);
  });

  it('goes back as a whole when its first member was all done before the second failed', () => {
    const start = commit(before, group('v2'), 2);
    const late = breaksLate();

    const ready = until(
      start,
      (world) =>
        decisionOf(decide(world), 'a').waiting.some(({ reason }) => reason.includes('its group')),
      late,
    );
    const { world, last } = run(ready, late);

    expect(decisionOf(decide(ready), 'a').conditions).toMatchObject([
      { type: 'Ready', status: false, reason: 'WaitingForGroup' },
      {
        type: 'Reconciling',
        message: 'its group lands together: waits for application "b"',
      },
      { type: 'Stalled', status: false },
    ]);
    expect(running(ready).filter((one) => one.startsWith('a'))).toEqual(['a v2']);
    expect(running(world)).toEqual(['a v1', 'b v1', 'c v2']);
    expect(stalledBy(last, 'a')).toBe('RolledBack');
    expect(['a', 'b', 'c'].map((name) => commitOf(world, name))).toEqual(['1', '1', '2']);
  });

  it('is tried again as a whole when a commit mends the member that failed', () => {
    const failed = run(commit(before, group('v2'), 2), breaks('b')).world;
    const mended = group('v2').map((spec) =>
      spec.name === 'b' ? app('b', 'v3', { rolloutGroup: 'g' }) : spec,
    );

    const { world, last } = run(commit(failed, mended, 3), breaks('b'));

    expect(running(world)).toEqual(['a v2', 'b v3', 'c v2']);
    expect(last.settled).toBe(true);
  });

  it('leaves alone a member that the commit does not change', () => {
    const [, b = app('b', 'v2'), c = app('c', 'v2')] = group('v2');
    const next = [app('a', 'v1', { rolloutGroup: 'g' }), b, c];

    const { world, last } = run(commit(before, next, 2), breaks('b'));

    expect(running(world)).toEqual(['a v1', 'b v1', 'c v2']);
    expect(stalledBy(last, 'a')).toBe('');
  });

  it('halts as a whole when it fails at its first deployment', () => {
    const { world, last } = run(aWorld(group('v2')), breaks('b'));

    expect(stalledBy(last, 'a')).toBe('Halted');
    expect(stalledBy(last, 'b')).toBe('Halted');
    expect(commitOf(world, 'a')).toBeUndefined();
  });

  it('lands before others begin that depend on a member', () => {
    const next = [...group('v2'), app('d', 'v2', { dependsOn: [on('a')] })];
    const start = run(aWorld([...group('v1'), app('d', 'v1')])).world;

    const { world, last } = run(commit(start, next, 2), breaksLate());

    expect(running(world)).toEqual(['a v1', 'b v1', 'c v2', 'd v1']);
    expect(stalled(last, 'd')?.message).toMatch(
      /^application "a" was rolled back: its group failed: b\/web: /u,
    );
  });
});

describe('removed applications', () => {
  const keep = ['p', 'q', 'r', 's', 't', 'u'].map((name) => app(name, 'v1'));

  it('go in the reverse order of what they depend on, and of waves', () => {
    const gone = [
      app('a', 'v1', { wave: 1 }),
      app('db', 'v1'),
      app('web', 'v1', { dependsOn: [on('db')] }),
    ];
    const before = run(aWorld([...gone, ...keep], ['host-1', 'host-2'])).world;
    const { fleet } = before.desired;

    const start = commit(before, keep, '2222222'.padEnd(40, '0'));
    const approved = {
      ...start,
      desired: { ...start.desired, fleet: { ...fleet, prune: { approved: ['2222222'] } } },
    };
    const { steps, last } = run(approved);

    expect(removed(steps)).toEqual(['a', 'web', 'db']);
    expect(last.settled).toBe(true);
    expect(decide(approved).prune.waiting).toEqual([
      expect.objectContaining({
        application: 'db',
        reason: 'pruned after application "web", which depends on it',
      }),
      expect.objectContaining({
        application: 'web',
        reason: 'pruned after application "a" of a higher wave',
      }),
    ]);
  });
});
