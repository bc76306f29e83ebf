/** Containers that Compose made: taken on as they are, or left alone until somebody decides. */
import { describe, expect, it } from 'vitest';

import type { AdoptionSpec } from '../../../src/model/adoption.ts';
import type { ApplicationSpec } from '../../../src/model/application.ts';
import { noRestart } from '../../../src/model/container.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import { label } from '../../../src/model/labels.ts';
import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import { planDocument } from '../../../src/report/plan-document.ts';
import { renderPlan } from '../../../src/report/render-plan.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  anInstance,
  anUnreachableHost,
  aReachableHost,
  aService,
  aWorld,
  origin,
} from '../../support/builders.ts';
import { answerOf, asking, playUntil, shop, stepsOn } from './play.ts';
import { commit, containers, edit, exits, run, running, seeing, touched } from './scenario.ts';

const project: AdoptionSpec = { composeProject: 'old', containers: {}, host: null, origin };
const two: ServiceFacts = { replicas: 2 };

function adopting(
  tag: string,
  facts: ServiceFacts = two,
  adopt: AdoptionSpec = project,
): readonly ApplicationSpec[] {
  return shop(tag, facts, { adopt });
}

/** What `docker-compose up` leaves behind for a service at v1. */
function composed(number: number, facts: Partial<ObservedContainer> = {}): ObservedContainer {
  const name = facts.name ?? `old_web_${number}`;
  const labels = {
    [label.composeProject]: 'old',
    [label.composeService]: 'web',
    [label.composeNumber]: String(number),
    ...facts.labels,
  };
  const { container } = anInstance(aService(two));
  const spec = { ...(facts.spec ?? container.spec), labels };
  const id = toContainerId(`made by compose: ${facts.host ?? 'host-1'} ${name}`);
  return { ...container, id, name, spec, ...facts, labels };
}

function worldWith(
  applications: readonly ApplicationSpec[],
  found: readonly ObservedContainer[],
): World {
  return found.reduce(
    (world, container) => {
      const before = world.observations.get(container.host);
      const others = before?.kind === 'reachable' ? before.containers : [];
      const host = aReachableHost(container.host, { containers: [...others, container] });
      return seeing(world, host);
    },
    aWorld(applications, ['host-1', 'host-2']),
  );
}

function idsOf(found: readonly ObservedContainer[]): ReadonlySet<string> {
  return new Set(found.map(({ id }): string => id));
}

function stalled(world: World): { readonly reason: string; readonly message: string } {
  const [shop] = decide(world).applications;
  const condition = shop?.conditions.find(({ type, status }) => type === 'Stalled' && status);
  return { reason: condition?.reason ?? '', message: condition?.message ?? '' };
}

function planOf(world: World): string {
  return renderPlan(planDocument(world.desired, predict(world)), plainStyle);
}

const pair = [composed(1), composed(2)];

describe('containers that are as the commit asks', () => {
  it('are taken on without a step, and make last-known-good', () => {
    const { steps, world, last } = run(worldWith(adopting('v1'), pair));

    expect(steps).toEqual([]);
    expect(last).toMatchObject({ settled: true, drift: [], applications: [{ health: 'healthy' }] });
    expect(last.applications[0]?.slots).toMatchObject([
      { slot: '1', container: 'old_web_1', phase: 'promoted', available: true },
      { slot: '2', container: 'old_web_2', phase: 'promoted', available: true },
    ]);
    expect(world.journal.applications.get('shop')?.lastKnownGood).not.toBeNull();
  });

  it('are announced by the plan', () => {
    const text = planOf(worldWith(adopting('v1'), pair));

    expect(text).toContain('= container old_web_1 on host-1 becomes web/1, not restarted');
    expect(text).toContain('= container old_web_2 on host-1 becomes web/2, not restarted');
    expect(text).toContain('2 containers adopted; 0 steps');
    expect(text).not.toContain('In sync');
  });

  it('are rolled by the next commit within the budget, and removed under guard of their own labels', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { world, steps, last } = run(commit(adopted, adopting('v2'), 2));

    expect(last.settled).toBe(true);
    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2']);
    expect(containers(world)).toHaveLength(2);
    const onThem = stepsOn(steps, idsOf(pair));
    expect(onThem.map(({ action }) => action.kind)).toEqual(
      expect.arrayContaining(['update-container', 'stop-container', 'remove-container']),
    );
    for (const { action } of onThem) {
      expect(action).toMatchObject({
        guard: { self: '', adopted: { [label.composeProject]: 'old' } },
      });
    }
  });

  it('get what can be set in place', () => {
    const noPolicy = pair.map((one) => ({
      ...one,
      restart: noRestart,
      spec: { ...one.spec, restart: noRestart },
    }));
    const { steps, world, last } = run(worldWith(adopting('v1'), noPolicy));

    expect(steps.map(({ action }) => action.kind)).toEqual([
      'update-container',
      'update-container',
    ]);
    expect(containers(world).map(({ restart }) => restart.name)).toEqual([
      'unless-stopped',
      'unless-stopped',
    ]);
    expect(last.settled).toBe(true);
  });

  it('are started where they stand still, and not made anew', () => {
    const down = pair.map((one) => ({
      ...one,
      state: 'exited' as const,
      exitCode: 137,
      restart: noRestart,
    }));
    const { steps, last } = run(worldWith(adopting('v1'), down));

    expect(steps.map(({ action }) => action.kind)).not.toContain('create-container');
    expect(steps.map(({ action }) => action.kind)).toContain('start-container');
    expect(last.settled).toBe(true);
  });

  it('are taken on again when the journal is lost', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { steps, last } = run({ ...adopted, journal: emptyJournal });

    expect(steps).toEqual([]);
    expect(last.settled).toBe(true);
  });

  it('stay ours when the manifest no longer says "adopt"', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { steps, last } = run(commit(adopted, shop('v1', two), 2));

    expect(steps).toEqual([]);
    expect(last).toMatchObject({ settled: true, drift: [] });
  });

  it('go when the service is scaled down', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { world, last } = run(commit(adopted, adopting('v1', { replicas: 1 }), 2));

    expect(containers(world).map(({ name }) => name)).toEqual(['old_web_1']);
    expect(last.settled).toBe(true);
  });

  it('come back as instances of our own when they are lost', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;
    const lost = edit(adopted, (one) => (one.name === 'old_web_2' ? null : one));

    const { world } = run(lost);

    expect(containers(world).map(({ name }) => name)).toEqual([
      'old_web_1',
      expect.stringMatching(/^shop-web-2-/),
    ]);
  });

  it('stay where a version that fails is rolled back', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { world, steps, last } = run(commit(adopted, adopting('v2'), 2), exits('testapp:v2'));

    expect(touched(steps).filter((id) => idsOf(pair).has(id))).toEqual([]);
    expect(containers(world).filter(({ state }) => state === 'running')).toHaveLength(2);
    expect(last.applications[0]?.target.mode).toBe('rollback');
  });

  it('come back by a revert in the middle of a rollout, as far as they are still there', () => {
    const many = [1, 2, 3, 4].map((number) => composed(number));
    const four = { replicas: 4 };
    const adopted = run(worldWith(adopting('v1', four), many)).world;
    const begun = playUntil(
      commit(adopted, adopting('v2', four), 2),
      (world) => containers(world).filter(({ id }) => idsOf(many).has(id)).length === 2,
    ).world;

    const { world, last } = run(commit(begun, adopting('v1', four), 3));

    expect(last.settled).toBe(true);
    expect(running(world)).toEqual(Array.from({ length: 4 }, () => 'testapp:v1'));
    const kept = containers(world).filter(({ id }) => idsOf(many).has(id));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.map(({ restart }) => restart.name)).not.toContain('no');
  });

  it('go first where a fixed port leaves no room for two', () => {
    const ports = [{ target: 80, protocol: 'tcp' as const, hostIp: '', published: '8080' }];
    const one: ServiceFacts = { replicas: 1, container: { ports } };
    const holder = composed(1, { spec: { ...composed(1).spec, ports } });
    const adopted = run(worldWith(adopting('v1', one), [holder])).world;

    const { steps, last } = run(commit(adopted, adopting('v2', one), 2));

    const kinds = steps.map(({ action }) => action.kind);
    expect(kinds.indexOf('remove-container')).toBeLessThan(kinds.indexOf('create-container'));
    expect(last.settled).toBe(true);
  });

  it('are pruned by the usual rules when their application goes', () => {
    const other = shop('v1', {}, { name: 'other' });
    const more = ['a', 'b', 'c'].flatMap((name) => shop('v1', {}, { name }));
    const all = [...adopting('v1'), ...other, ...more];
    const adopted = run(worldWith(all, pair)).world;

    const { world } = run(commit(adopted, [...other, ...more], 2));

    expect(containers(world).filter(({ id }) => idsOf(pair).has(id))).toEqual([]);
  });

  it('are pruned by nobody when the journal is lost with their application', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { steps } = run({ ...commit(adopted, [], 2), journal: emptyJournal });

    expect(touched(steps)).toEqual([]);
  });

  it('are found by their names where Compose did not make them', () => {
    const byHand = { ...composed(1), name: 'proxy', labels: {} };
    const names = { ...project, composeProject: null, containers: { web: ['proxy'] } };

    const { steps, last } = run(worldWith(adopting('v1', {}, names), [byHand]));

    expect(steps).toEqual([]);
    expect(last.applications[0]?.slots).toMatchObject([{ slot: '1', container: 'proxy' }]);
  });

  it('fill the slots that there are when Compose left gaps in its numbers', () => {
    const { steps, last } = run(worldWith(adopting('v1'), [composed(1), composed(3)]));

    expect(steps).toEqual([]);
    expect(last.applications[0]?.slots).toMatchObject([
      { container: 'old_web_1' },
      { container: 'old_web_3' },
    ]);
  });

  it('fill the slot of their host in a global service', () => {
    const hosts = ['host-1', 'host-2'].map((name) => composed(1, { host: toHostName(name) }));

    const { steps, last } = run(worldWith(adopting('v1', { mode: 'global' }), hosts));

    expect(steps).toEqual([]);
    expect(last.applications[0]?.slots).toMatchObject([{ slot: 'host-1' }, { slot: 'host-2' }]);
  });

  it('are not failed by what ails them', () => {
    const sick = pair.map((one) => ({ ...one, health: 'unhealthy' as const }));

    const { steps, entries } = run(worldWith(adopting('v1'), sick));

    expect(steps).toEqual([]);
    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
  });
});

function front(aliases: readonly string[]): Partial<ObservedContainer> {
  return { spec: { ...composed(1).spec, networks: [{ network: 'front', aliases }] } };
}

describe('networks of what is adopted', () => {
  const asking = adopting('v1', {
    container: { networks: [{ network: 'front', aliases: ['web'] }] },
  });

  it('may lack the name of the service', () => {
    expect(run(worldWith(asking, [composed(1, front([]))])).steps).toEqual([]);
  });

  it('must all be asked for', () => {
    const world = worldWith(adopting('v1', {}), [composed(1, front(['web']))]);

    expect(stalled(world).message).toContain('differs in networks.front');
  });
});

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
