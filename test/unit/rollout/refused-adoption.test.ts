/** Containers that Compose made, left alone until somebody decides. */
import { describe, expect, it } from 'vitest';

import { emptyJournal } from '../../../src/model/journal-state.ts';
import { label } from '../../../src/model/labels.ts';
import { toHostName } from '../../../src/model/names.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anUnreachableHost, origin } from '../../support/builders.ts';
import { answerOf, asking, playUntil, shop, stepsOn } from './play.ts';
import { commit, containers, run, running, seeing } from './scenario.ts';
import {
  project,
  two,
  adopting,
  composed,
  worldWith,
  idsOf,
  stalled,
  planOf,
  pair,
} from './composed.ts';

describe('containers that differ', () => {
  const other = composed(2, { spec: { ...composed(2).spec, image: 'testapp:v3' } });
  const mixed = [composed(1), other];

  it('hold everything of the application, and say why', () => {
    const { steps, world } = run(worldWith(adopting('v1'), mixed));

    expect(steps).toEqual([]);
    expect(world.journal.instances.size).toBe(0);
    expect(stalled(world)).toMatchObject({
      reason: 'AdoptionRefused',
      message: expect.stringContaining('container "old_web_2" on host "host-1" differs in image'),
    });
    expect(decide(world).drift).toMatchObject([
      { slot: '2', path: 'image', observed: 'testapp:v3', action: 'report' },
    ]);
  });

  it('are shown field by field, but for the values of their environment', () => {
    const secret = composed(1, {
      spec: { ...composed(1).spec, environment: { PASSWORD: 'hunter2' } },
    });
    const text = planOf(worldWith(adopting('v1'), [secret, other]));

    expect(text).toContain('! container old_web_2 on host-1 differs from web/2');
    expect(text).toContain('image: testapp:v3 → testapp:v1');
    expect(text).toContain('environment.PASSWORD');
    expect(text).not.toContain('hunter2');
  });

  it('are replaced when somebody says so', () => {
    const asked = asking(worldWith(adopting('v1'), mixed), 'adopt-replace');

    const done = run(asked);

    expect(answerOf(done)).toMatchObject({
      accepted: true,
      message: expect.stringContaining('1 of them differ and are replaced'),
    });
    expect(done.last.settled).toBe(true);
    expect(containers(done.world).map(({ name }) => name)).toEqual([
      'old_web_1',
      expect.stringMatching(/^shop-web-2-/),
    ]);
  });

  it('go when somebody says so and they are more than are asked for', () => {
    const world = worldWith(adopting('v1', { replicas: 1 }), pair);

    const done = run(asking(world, 'adopt-replace'));

    expect(containers(done.world).map(({ name }) => name)).toEqual(['old_web_1']);
    expect(done.last.settled).toBe(true);
  });

  it('are not replaced by a plain "adopt"', () => {
    const done = run(asking(worldWith(adopting('v1'), mixed), 'adopt'));

    expect(answerOf(done)).toMatchObject({ accepted: false });
    expect(done.steps).toEqual([]);
  });

  it('are left alone where the journal was lost in the middle of a rollout', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;
    const rolled = run(commit(adopted, adopting('v2'), 2)).world;
    const half = worldWith(adopting('v2'), [
      ...containers(rolled).filter(({ name }) => name.startsWith('shop-web-1-')),
      composed(1),
    ]);
    const alone = adopting('v2', { replicas: 1 });

    const { steps, world } = run({ ...commit(half, alone, 3), journal: emptyJournal });

    expect(stepsOn(steps, idsOf(pair))).toEqual([]);
    expect(containers(world).map(({ name }) => name)).toContain('old_web_1');
    expect(planOf(world)).toContain('left alone: web/1 has an instance already');
    expect(decide(world).drift).toMatchObject([
      { class: 'duplicate', container: 'old_web_1', slot: '1', action: 'report' },
    ]);
    const cleared = run(asking(world, 'adopt-replace'));
    expect(containers(cleared.world).map(({ name }) => name)).not.toContain('old_web_1');
  });
});

describe('a journal that is lost at any moment of the first rollout', () => {
  const found = [1, 2, 3].map((number) => composed(number));
  const three = { replicas: 3 };

  function passes(): readonly World[] {
    const worlds: World[] = [];
    const adopted = run(worldWith(adopting('v1', three), found)).world;
    playUntil(commit(adopted, adopting('v2', three), 2), (world, { settled }) => {
      worlds.push(world);
      return settled;
    });
    return worlds;
  }

  it('costs nothing that serves, and a word brings it to its end', () => {
    const all = passes();
    expect(all.length).toBeGreaterThan(10);
    for (const before of all) {
      const serving = running(before).length;

      const lost = run({ ...before, journal: emptyJournal, readiness: new Map() });

      expect(stepsOn(lost.steps, idsOf(found))).toEqual([]);
      expect(running(lost.world).length).toBeGreaterThanOrEqual(serving);
      const done = run(asking(lost.world, 'adopt-replace'));
      expect(done.last.settled).toBe(true);
      expect(running(done.world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
      expect(containers(done.world)).toHaveLength(3);
    }
  });
});

describe('containers that cannot be told', () => {
  it.each([
    [
      'two that claim one slot',
      [composed(1), composed(1, { host: toHostName('host-2') })],
      adopting('v1', { replicas: 1 }),
      'both claim slot web/1',
    ],
    ['more than are asked for', pair, adopting('v1', { replicas: 1 }), 'deploy.replicas'],
    ['none at all', [], adopting('v1'), 'no container of a service of Compose project "old"'],
    [
      'a host that does not exist',
      pair,
      adopting('v1', two, { ...project, host: toHostName('host-9') }),
      'host "host-9", which is not in fleet.yaml',
    ],
    [
      'one where placement would not have it',
      pair,
      adopting('v1', {
        ...two,
        constraints: [
          {
            key: 'node.hostname',
            operator: '==',
            value: 'host-2',
            text: 'node.hostname == host-2',
            origin,
          },
        ],
      }),
      'deploy.placement',
    ],
  ])('%s: nothing is touched', (_name, found, applications, message) => {
    const { steps, world } = run(worldWith(applications, found));

    expect(steps).toEqual([]);
    expect(stalled(world)).toMatchObject({
      reason: 'AdoptionRefused',
      message: expect.stringContaining(message),
    });
  });

  it('that two applications name are adopted by neither', () => {
    const rivals = [...adopting('v1'), ...shop('v1', two, { name: 'rival', adopt: project })];

    const { steps, world, last } = run(worldWith(rivals, pair));

    expect(steps).toEqual([]);
    expect(world.journal.instances.size).toBe(0);
    expect(stalled(world).message).toContain('is named by "rival" too');
    expect(last.applications[1]?.conditions).toContainEqual(
      expect.objectContaining({ reason: 'AdoptionRefused' }),
    );
  });

  it('of a suspended application are left alone, and taken on when it is resumed', () => {
    const suspended = run(asking(worldWith(adopting('v1'), pair), 'suspend'));
    expect(suspended.world.journal.instances.size).toBe(0);
    const asked = run(asking(suspended.world, 'adopt'));
    expect(answerOf(asked)).toMatchObject({ message: expect.stringContaining('suspended') });

    const resumed = run(asking(asked.world, 'resume'));

    expect(resumed.steps).toEqual([]);
    expect(resumed.world.journal.instances.size).toBe(2);
  });

  it('waits for a host that cannot be seen', () => {
    const world = seeing(worldWith(adopting('v1'), pair), anUnreachableHost('host-2'));

    const { steps } = run(world);

    expect(steps).toEqual([]);
    expect(stalled(world)).toMatchObject({ reason: 'HostUnreachable' });
  });

  it('leaves containers of services that the manifest lacks alone', () => {
    const job = composed(1, {
      name: 'old_migrate_1',
      labels: { [label.composeService]: 'migrate' },
    });
    const world = worldWith(adopting('v1'), [...pair, job]);

    expect(planOf(world)).toContain('container old_migrate_1 on host-1 is left alone');
    expect(run(world).steps).toEqual([]);
  });
});
