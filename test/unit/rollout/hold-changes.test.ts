import { describe, expect, it } from 'vitest';

import type { ApplicationDependency, ApplicationSpec } from '../../../src/model/application.ts';
import type { ApplicationStanding } from '../../../src/rollout/hold-changes.ts';
import { holdOf } from '../../../src/rollout/hold-changes.ts';
import { decisionOrder } from '../../../src/rollout/order-applications.ts';
import { anApplication, origin } from '../../support/builders.ts';

type Facts = Partial<ApplicationStanding>;

function standing(facts: Facts): ApplicationStanding {
  return {
    mode: 'desired',
    ready: false,
    converged: false,
    started: false,
    completed: false,
    failed: null,
    blocked: null,
    changing: false,
    suspended: false,
    ...facts,
  };
}

const rolling: Facts = { changing: true };
const done: Facts = { ready: true, converged: true, started: true };
const landing: Facts = { ready: true, started: true, changing: true };
const rolledBack: Facts = { mode: 'rollback', changing: true, failed: 'web: it exited' };
const halted: Facts = { mode: 'halted', changing: true, failed: 'web: it exited' };

function on(
  application: string,
  facts: Partial<ApplicationDependency> = {},
): ApplicationDependency {
  return { application, condition: 'healthy', required: true, origin, ...facts };
}

function app(name: string, facts: Partial<ApplicationSpec> = {}): ApplicationSpec {
  return anApplication([], { name, ...facts });
}

/** What holds back `web`, among applications that stand like this. */
function holdOfWeb(
  facts: Partial<ApplicationSpec>,
  standings: Readonly<Record<string, Facts>>,
  others: readonly ApplicationSpec[] = Object.keys(standings).map((name) => app(name)),
): ReturnType<typeof holdOf> {
  const web = app('web', facts);
  const known = Object.entries(standings).map(([name, one]): [string, ApplicationStanding] => [
    name,
    standing(one),
  ]);
  return holdOf(web, new Map(known), decisionOrder([web, ...others]));
}

describe('a dependency', () => {
  it('does not concern those without one', () => {
    expect(holdOfWeb({}, { db: rolledBack })).toBeNull();
  });

  it.each<[ApplicationDependency['condition'], Facts]>([
    ['started', { ...rolling, started: true }],
    ['healthy', done],
    ['completed', { ...rolling, completed: true }],
  ])('that is %s lets changes through', (condition, db) => {
    expect(holdOfWeb({ dependsOn: [on('db', { condition })] }, { db })).toBeNull();
  });

  it.each<[ApplicationDependency['condition'], Facts]>([
    ['started', { ...done, started: false }],
    ['healthy', { ...rolling, started: true, completed: true }],
    ['completed', done],
  ])('that is not %s is waited for', (condition, db) => {
    expect(holdOfWeb({ dependsOn: [on('db', { condition })] }, { db })).toEqual({
      kind: 'waiting',
      reason: 'DependencyNotReady',
      message: `application "db" is not ${condition} yet`,
      application: 'db',
    });
  });

  it('is waited for when it is as it was, and ill', () => {
    expect(holdOfWeb({ dependsOn: [on('db')] }, { db: {} })).toMatchObject({ kind: 'waiting' });
  });

  it.each<[string, Facts, string, string]>([
    [
      'was rolled back',
      rolledBack,
      'DependencyFailed',
      'application "db" was rolled back: web: it exited',
    ],
    [
      'has halted',
      { ...halted, started: true },
      'DependencyFailed',
      'application "db" has failed and is halted: web: it exited',
    ],
    ['is suspended', { ...rolling, suspended: true }, 'DependencyNotReady', 'is suspended'],
    [
      'is held back itself',
      { ...rolling, blocked: 'application "disk" is suspended' },
      'DependencyNotReady',
      'application "db" is held back: application "disk" is suspended',
    ],
  ])('that %s blocks', (_name, db, reason, message) => {
    for (const condition of ['started', 'healthy', 'completed'] as const) {
      if (condition === 'started' && reason === 'DependencyNotReady') continue;
      expect(holdOfWeb({ dependsOn: [on('db', { condition })] }, { db })).toMatchObject({
        kind: 'blocked',
        reason,
        message: expect.stringContaining(message) as string,
        application: 'db',
      });
    }
  });

  it('that is suspended in good order is none to wait for', () => {
    expect(holdOfWeb({ dependsOn: [on('db')] }, { db: { ...done, suspended: true } })).toBeNull();
  });

  it('that does not exist blocks', () => {
    expect(holdOfWeb({ dependsOn: [on('db')] }, {})).toEqual({
      kind: 'blocked',
      reason: 'DependencyNotReady',
      message: 'application "db" is not in the repository',
      application: 'db',
    });
  });

  it('that comes later in a cycle is not waited for', () => {
    const db = app('db', { dependsOn: [on('web')] });

    expect(holdOfWeb({ dependsOn: [on('db')] }, {}, [db])).toBeNull();
  });

  it('that blocks is said before one that is waited for', () => {
    const dependsOn = [on('cache'), on('db')];

    expect(holdOfWeb({ dependsOn }, { cache: rolling, db: rolledBack })).toMatchObject({
      kind: 'blocked',
      application: 'db',
    });
    expect(holdOfWeb({ dependsOn }, { cache: rolling, db: rolling })).toMatchObject({
      kind: 'waiting',
      application: 'cache',
    });
  });
});

describe('a dependency that is not required', () => {
  const dependsOn = [on('db', { required: false })];

  it.each<[string, Readonly<Record<string, Facts>>]>([
    ['is missing', {}],
    ['was rolled back', { db: rolledBack }],
    ['has halted', { db: halted }],
    ['is suspended', { db: { ...rolling, suspended: true } }],
    ['is blocked itself', { db: { ...rolling, blocked: 'it waits' } }],
    ['is ill without a change', { db: {} }],
  ])('holds nothing when it %s', (_name, standings) => {
    expect(holdOfWeb({ dependsOn }, standings)).toBeNull();
  });

  it('is waited for while it rolls out', () => {
    expect(holdOfWeb({ dependsOn }, { db: rolling })).toMatchObject({ kind: 'waiting' });
  });
});

describe('a wave', () => {
  const low = app('low', { wave: 1 });
  const wave = 2;

  it.each<[string, Facts]>([
    ['has not changed', {}],
    ['is through', done],
    ['is ready and waits for its group', landing],
  ])('lets the next one begin when a lower application %s', (_name, facts) => {
    expect(holdOfWeb({ wave }, { low: facts }, [low])).toBeNull();
  });

  it('waits for the lower ones that change', () => {
    expect(holdOfWeb({ wave }, { low: rolling }, [low])).toEqual({
      kind: 'waiting',
      reason: 'WaveNotDone',
      message: 'application "low" of a lower wave is not through yet',
      application: 'low',
    });
  });

  it('waits for none of its own wave or of higher ones', () => {
    const others = [app('same', { wave }), app('high', { wave: 3 })];

    expect(holdOfWeb({ wave }, { same: rolling, high: rolledBack }, others)).toBeNull();
  });

  it.each<[string, Facts, string]>([
    ['has failed', rolledBack, 'WaveFailed'],
    ['is suspended in a change', { ...rolling, suspended: true }, 'WaveNotDone'],
    ['is held back itself', { ...rolling, blocked: 'it waits' }, 'WaveNotDone'],
  ])('is blocked when a lower one %s', (_name, facts, reason) => {
    const others = [app('a', { wave: 1 }), low];

    expect(holdOfWeb({ wave }, { a: rolling, low: facts }, others)).toMatchObject({
      kind: 'blocked',
      reason,
      application: 'low',
    });
  });

  it('holds nothing because of one that is suspended as it was', () => {
    expect(holdOfWeb({ wave }, { low: { suspended: true } }, [low])).toBeNull();
  });

  it('does not wait for those that wait for it', () => {
    const needy = app('needy', { wave: 1, dependsOn: [on('web')] });

    expect(holdOfWeb({ wave }, { needy: rolling }, [needy])).toBeNull();
  });
});

describe('a dependency that is ready and has not landed with its group', () => {
  const group = { rolloutGroup: 'g' };
  const db = app('db', group);
  const dependsOn = [on('db')];

  it('is waited for by others', () => {
    expect(holdOfWeb({ dependsOn }, { db: landing }, [db])).toMatchObject({
      kind: 'waiting',
      message: 'application "db" has not landed with its group yet',
    });
  });

  it('lets through those of the same group', () => {
    expect(holdOfWeb({ dependsOn, ...group }, { db: landing }, [db])).toBeNull();
  });

  it('lets through those that the group waits for', () => {
    const last = app('last', { ...group, dependsOn: [on('web')] });

    expect(holdOfWeb({ dependsOn }, { db: landing }, [db, last])).toBeNull();
  });

  it('lets through those that the group waits for by way of another group', () => {
    const one = app('one', { ...group, dependsOn: [on('two')] });
    const two = app('two', { rolloutGroup: 'h' });

    const hold = holdOfWeb({ dependsOn, rolloutGroup: 'h' }, { db: landing }, [db, one, two]);

    expect(hold).toBeNull();
  });

  it('lets through those of a lower wave than the rest of the group', () => {
    const last = app('last', { ...group, wave: 1 });

    expect(holdOfWeb({ dependsOn }, { db: landing }, [db, last])).toBeNull();
  });
});
