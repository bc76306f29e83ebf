import { describe, expect, it } from 'vitest';

import { ChangeLog } from '../../../src/fleet/change-log.ts';
import type { WireEvent } from '../../../src/fleet/wire.ts';
import type { Action, StepOutcome } from '../../../src/model/step.ts';
import { label } from '../../../src/model/labels.ts';
import { toContainerId } from '../../../src/model/names.ts';

const second = 1_000_000_000;

/** An event of the container `c1`, at so many seconds of the engine's clock. */
function event(
  action: string,
  at: number,
  attributes: Readonly<Record<string, string>> = { [label.fleet]: 'test' },
): WireEvent {
  const Actor = { ID: 'c1', Attributes: attributes };
  return { Type: 'container', Action: action, Actor, timeNano: at * second };
}

const stranger = (): boolean => false;

function kinds(log: ChangeLog): readonly string[] {
  return log.changes(0).map(({ kind }) => kind);
}

function actionOn(kind: 'update-container' | 'stop-container'): Action {
  const guard = { id: toContainerId('c1'), self: 'c1', states: ['running'] as const };
  return kind === 'stop-container'
    ? { kind, guard, name: 'c1', graceMs: null }
    : { kind, guard, name: 'c1', restart: null, resources: null };
}

describe('what an engine tells of', () => {
  it.each([
    ['die', { exitCode: '137' }, 'die', '137'],
    ['kill', { signal: '9' }, 'kill', '9'],
    ['rename', { oldName: '/web' }, 'rename', 'web'],
    ['health_status: unhealthy', {}, 'health', ''],
    ['extract-to-dir', {}, 'copy', ''],
  ])('is a change when it is %s', (action, attributes, kind, detail) => {
    const log = new ChangeLog('test');

    log.take(event(action, 7, { [label.fleet]: 'test', ...attributes }), 0, stranger);

    expect(log.changes(2_000)).toEqual([
      { kind, at: 5_000, container: 'c1', slot: '', object: '', detail },
    ]);
  });

  it.each(['start', 'health_status: healthy', 'exec_start: sh', 'top'])(
    'is none when it is %s',
    (action) => {
      const log = new ChangeLog('test');

      log.take(event(action, 1), 0, stranger);

      expect(log.changes(0)).toEqual([]);
    },
  );

  it('names the network of an attachment, and the slot of what is gone', () => {
    const log = new ChangeLog('test');
    const labels = {
      [label.fleet]: 'test',
      [label.application]: 'shop',
      [label.service]: 'web',
      [label.slot]: '2',
    };
    const Attributes = { container: 'c1', name: 'shop_front' };
    const Actor = { ID: 'n1', Attributes };

    log.take({ Type: 'network', Action: 'disconnect', Actor, timeNano: second }, 0, () => true);
    log.take(event('destroy', 2, labels), 0, stranger);

    expect(log.changes(0)).toMatchObject([
      { kind: 'disconnect', container: 'c1', object: 'shop_front' },
      { kind: 'destroy', slot: 'shop/web/2' },
    ]);
  });

  it('is left out when it is about a container of others', () => {
    const log = new ChangeLog('test');

    log.take(event('stop', 1, { [label.fleet]: 'another' }), 0, stranger);

    expect(log.changes(0)).toEqual([]);
  });

  it('counts once when it comes by two ways, and stands in the order in which it happened', () => {
    const log = new ChangeLog('test');

    log.take(event('pause', 5), 0, stranger);
    log.take(event('update', 3), 0, stranger);
    log.take(event('pause', 5), 0, stranger);

    expect(kinds(log)).toEqual(['update', 'pause']);
    expect(log.lastAt).toBe(5_000);
  });

  it('is forgotten when there is much of one container', () => {
    const log = new ChangeLog('test');

    for (let at = 1; at <= 30; at += 1) log.take(event('update', at), 0, stranger);

    expect(log.changes(0).map(({ at }) => at / 1_000)).toEqual([23, 24, 25, 26, 27, 28, 29, 30]);
  });
});

describe('what our own steps do', () => {
  it('is no change of others, but the next one of the kind is', () => {
    const log = new ChangeLog('test');
    const end = log.expect(actionOn('update-container'));

    const isOwn = log.take(event('update', 1), 0, stranger);
    end({ kind: 'done' }, 10);
    log.take(event('update', 2), 20, stranger);

    expect(isOwn).toBe(true);
    expect(log.changes(0)).toMatchObject([{ kind: 'update', at: 2_000 }]);
  });

  it('may be told of a moment later, and no later than that', () => {
    const log = new ChangeLog('test');
    log.expect(actionOn('stop-container'))({ kind: 'done' }, 1_000);

    log.take(event('kill', 1), 1_500, stranger);
    log.take(event('die', 2), 2_000, stranger);
    log.take(event('stop', 3), 2_001, stranger);

    expect(kinds(log)).toEqual(['stop']);
  });

  it.each<StepOutcome>([
    { kind: 'done', byOthers: true },
    { kind: 'skipped', reason: 'it is gone' },
  ])('is nothing when it comes to $kind and others were at it', (outcome) => {
    const log = new ChangeLog('test');
    const end = log.expect(actionOn('stop-container'));

    const isOwn = log.take(event('die', 1), 0, stranger);
    expect(kinds(log)).toEqual([]);
    end(outcome, 10);
    log.take(event('stop', 2), 20, stranger);

    expect(isOwn).toBe(true);
    expect(kinds(log)).toEqual(['die', 'stop']);
  });

  it('hides nothing that happens to another container, or of another kind', () => {
    const log = new ChangeLog('test');
    log.expect(actionOn('update-container'));

    log.take({ ...event('update', 1), Actor: { ID: 'c2' } }, 0, () => true);
    log.take(event('pause', 2), 0, stranger);

    expect(kinds(log)).toEqual(['update', 'pause']);
  });
});
