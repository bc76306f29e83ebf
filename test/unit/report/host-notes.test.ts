import { describe, expect, it } from 'vitest';

import { hostNotes } from '../../../src/report/host-notes.ts';
import { planDocument } from '../../../src/report/plan-document.ts';
import { renderPlan } from '../../../src/report/render-plan.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anApplication, anUnreachableHost, aService, aWorld } from '../../support/builders.ts';
import { deployed, play } from '../rollout/play.ts';
import { run, seeing } from '../rollout/scenario.ts';

const data = { type: 'volume', source: 'shop_data', target: '/data' } as const;
const mounts = [{ ...data, readOnly: false, noCopy: false }];
const minute = 60_000;
const shop = anApplication([
  aService({ replicas: 3 }),
  aService({ name: 'db', container: { mounts } }),
]);
const before = run(aWorld([shop])).world;
const home = before.journal.slots.get('shop/db/1')?.host ?? '';
const away = seeing(before, anUnreachableHost(home, { since: before.now }));

function withHosts(
  world: World,
  change: (hosts: World['desired']['fleet']['hosts']) => World['desired']['fleet']['hosts'],
): World {
  const { desired } = world;
  const fleet = { ...desired.fleet, hosts: change(desired.fleet.hosts) };
  return { ...world, desired: { ...desired, fleet } };
}

function notesOf(world: World): readonly string[] {
  return hostNotes(decide(world), world.now).map(({ host, message }) => `${host}: ${message}`);
}

describe('hostNotes()', () => {
  it('are none when all is well', () => {
    expect(notesOf(before)).toEqual([]);
  });

  it('say since when a host is away, what is made elsewhere and when, and why others stay', () => {
    const notes = notesOf({ ...away, now: away.now + minute });

    expect(notes).toEqual([
      `${home}: unreachable since 1970-01-01T00:17:36Z`,
      expect.stringMatching(/: 1 slot is made elsewhere at 1970-01-01T00:22:36Z: shop\/web\/\d$/),
      `${home}: 1 slot stays (its data is there (volume "shop_data")): shop/db/1`,
    ]);
  });

  it('say that a host is lost', () => {
    const lost = play(away, 20 * minute).world;

    expect(notesOf(lost)).toEqual([
      `${home}: lost: it has been unreachable since 1970-01-01T00:17:36Z`,
      `${home}: 1 slot stays (its data is there (volume "shop_data")): shop/db/1`,
    ]);
  });

  it('say when nothing is replaced, since the operator may be cut off', () => {
    const names = ['host-1', 'host-2', 'host-3'];
    const dark = seeing(before, ...names.map((name) => anUnreachableHost(name)));

    expect(notesOf(dark)).toContain(
      'host-1: no host can be reached: the operator itself may be cut off, and nothing is replaced',
    );
  });

  it('say what a drain leaves where it is', () => {
    const drained = withHosts(before, (hosts) =>
      hosts.map((host) => (host.name === home ? { ...host, drain: true } : host)),
    );

    expect(notesOf(drained)).toEqual([
      `${home}: draining: what may run elsewhere leaves it`,
      `${home}: shop/db/1 stays there: its data is there (volume "shop_data")`,
    ]);
  });

  it('say what becomes of a host that is not in fleet.yaml any more, in the plan too', () => {
    const gone = withHosts(deployed('v1', { replicas: 3 }), (hosts) =>
      hosts.filter(({ name }) => name !== 'host-2'),
    );
    const observations = new Map([...gone.observations].filter(([name]) => name !== 'host-2'));
    const world = { ...gone, observations };
    const plan = planDocument(world.desired, predict(world));

    expect(notesOf(world)).toEqual([
      'host-2: it is not in fleet.yaml any more: what runs there is left alone',
      expect.stringMatching(/^host-2: 1 slot is made elsewhere now: shop\/web\/\d$/),
    ]);
    expect(plan.hostNotes).toHaveLength(2);
    expect(renderPlan(plan, plainStyle)).toContain('! host host-2: it is not in fleet.yaml');
  });
});
