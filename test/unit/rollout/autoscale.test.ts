import { describe, expect, it } from 'vitest';

import type { AutoscaleSpec, LoadMap, ServiceLoad } from '../../../src/model/autoscale.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import { label } from '../../../src/model/labels.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { anUnreachableHost, aReachableHost } from '../../support/builders.ts';
import { asking, count, countLive, deployed, neverReady, play, shop } from './play.ts';
import {
  commit,
  containers,
  decisionOf,
  edit,
  fine,
  pass,
  run,
  seeing,
  type Fate,
} from './scenario.ts';

const minute = 60_000;
const autoscale: AutoscaleSpec = {
  min: 2,
  max: 8,
  cpu: 70,
  stabilizationMs: minute,
  intervalMs: 15_000,
};
const facts: ServiceFacts = { replicas: 3, autoscale };

type Scaled = Extract<JournalEntry, { readonly kind: 'scaled' }>;

interface Stretch {
  readonly world: World;
  /** Each change of the number, as `3 → 5: cpu 93 % above 70 %`. */
  readonly changes: readonly string[];
  /** What was not as last-known-good left it, in some pass, and what was taken for a repair. */
  readonly troubles: readonly string[];
  /** Why steps were taken, each once. */
  readonly reasons: ReadonlySet<string>;
}

/** Decides every two seconds, under a load in percent of one CPU that all instances share evenly. */
function under(start: World, percent: number, ms: number, fate: Fate = fine): Stretch {
  const entries: Scaled[] = [];
  const troubles: string[] = [];
  const reasons = new Set<string>();
  let world = start;
  while (world.now < start.now + ms) {
    const measured = { ...world, load: loadOf(world, percent) };
    const decision = decide(measured);
    entries.push(...decision.entries.filter((entry) => entry.kind === 'scaled'));
    troubles.push(...decision.drift.map((item) => `${item.class} ${item.slot}`));
    const repairs = decision.entries.filter((entry) => entry.kind === 'repaired');
    troubles.push(...repairs.map(({ slot }) => `repaired ${slot}`));
    for (const { cause } of decision.steps) reasons.add(`${cause.path}: ${cause.reason}`);
    const load = new Map(
      decision.scale.judged.flatMap(({ key, recommendations }) => {
        const known = measured.load.get(key);
        return known === undefined ? [] : [[key, { ...known, recommendations }] as const];
      }),
    );
    const next = pass(measured, decision, decision.steps, fate);
    world = { ...next, load: new Map([...measured.load, ...load]) };
  }
  const changes = entries.flatMap(({ from, replicas, cause }) =>
    from === null ? [] : [`${from} → ${replicas}: ${cause}`],
  );
  return { world, changes, troubles, reasons };
}

function loadOf(world: World, percent: number): LoadMap {
  const running = containers(world).filter(({ state }) => state === 'running');
  const each = (percent / running.length) * 1e7;
  const { recommendations = [] } = world.load.get('shop/web') ?? {};
  const cpu = new Map(running.map(({ id }) => [id, each]));
  return new Map([
    ['shop/web', { at: world.now, cpu, requests: null, prometheus: null, recommendations }],
  ]);
}

/** What is added to the first three exits at once. */
const addedExit: Fate = ({ labels }) =>
  Number(labels[label.slot]) > 3 ? { state: 'exited', exitCode: 1 } : {};

function scaledIn(world: World): readonly JournalEntry[] {
  return decide(world).entries.filter(({ kind }) => kind === 'scaled');
}

const settled = (more: ServiceFacts = {}): World => deployed('v1', { ...facts, ...more });

function slotsOf(world: World): number {
  return decisionOf(decide(world)).services[0]?.desired ?? 0;
}

describe('a service whose number of instances goes by its load', () => {
  it('has the number that is written to start with, and no history of it', () => {
    const { entries, world } = play(settled(), minute);

    expect(count(world, 'v1')).toBe(3);
    expect(entries.filter(({ kind }) => kind === 'scaled')).toEqual([]);
  });

  it('has more as soon as the load asks for it, and fewer when that has lasted', () => {
    const up = under(settled(), 3 * 93, 30_000);
    expect(up.changes).toEqual(['3 → 4: cpu 93 % above 70 %']);
    expect(count(up.world, 'v1')).toBe(4);

    const soon = under(up.world, 100, 50_000);
    expect(soon.changes).toEqual([]);
    const down = under(soon.world, 100, minute);
    expect(down.changes).toEqual(['4 → 2: cpu 25 % below 70 %']);
    expect(count(down.world, 'v1')).toBe(2);
  });

  it('has no drift by it, is in order, and has nothing to do for a plan', () => {
    const { world } = under(settled(), 560, minute);

    const last = decide(world);
    expect(last.drift).toEqual([]);
    expect(last.settled).toBe(true);
    expect(predict({ ...world, load: new Map() }).waves).toEqual([]);
    expect(decisionOf(last).services[0]).toMatchObject({
      desired: 8,
      available: 8,
      autoscale: { min: 2, max: 8 },
    });
  });

  it('is not repaired when it has more again, and what breaks is', () => {
    const up = under(settled(), 560, 45_000);
    const down = under(up.world, 20, 2 * minute);
    const again = under(down.world, 560, 45_000);

    expect([up, down, again].flatMap(({ troubles }) => troubles)).toEqual([]);
    expect(count(again.world, 'v1')).toBe(8);
    const path = 'x-fleetwright.autoscale';
    expect([...up.reasons]).toContain(`${path}: its load asks for it`);
    expect([...down.reasons]).toContain(`${path}: slot 8 is no longer asked for`);
    expect([...again.reasons]).toContain(`${path}: its load asks for it`);

    const broken = edit(again.world, (one) => (one.labels[label.slot] === '8' ? null : one));
    const healed = under(broken, 560, 10_000);
    expect(healed.troubles).toContain('missing 8');
    expect(healed.troubles).toContain('repaired shop/web/8');
    expect(count(healed.world, 'v1')).toBe(8);
  });

  it('tries one that fails again ever later, as a repair', () => {
    const { world, troubles } = under(settled(), 300, 2 * minute, addedExit);

    const tries = troubles.filter((one) => one === 'repaired shop/web/4').length;
    expect(tries).toBeGreaterThan(0);
    expect(tries).toBeLessThan(6);
    expect(count(world, 'v1')).toBe(3);
  });

  it('keeps the number over a commit that does not speak of it', () => {
    const { world } = under(settled(), 560, minute);
    const container = { image: 'testapp:v2' };
    const next = run({ ...commit(world, shop('v2', { ...facts, container }), 2), load: new Map() });

    expect(count(next.world, 'v2')).toBe(8);
    expect(countLive(next.world)).toBe(8);
  });

  it.each([
    ['max', { max: 4 }, 4, '8 → 4: at most 4, by the manifest'],
    ['min', { min: 9, max: 9 }, 9, '8 → 9: at least 9, by the manifest'],
  ])('is within a new %s at once', (_name, bounds, number, change) => {
    const { world } = under(settled(), 560, minute);
    const next = commit(world, shop('v1', { ...facts, autoscale: { ...autoscale, ...bounds } }), 2);
    const after = under(next, 560, 20_000);

    expect(after.changes).toEqual([change]);
    expect(count(after.world, 'v1')).toBe(number);
  });

  it('has the number that is written when a commit ends it, and begins anew with another one', () => {
    const { world } = under(settled(), 560, minute);
    const fixed = run({ ...commit(world, shop('v1', { replicas: 1 }), 2), load: new Map() });
    expect(count(fixed.world, 'v1')).toBe(1);
    expect(fixed.world.journal.applications.get('shop')?.scales).toBeUndefined();

    const again = run(commit(fixed.world, shop('v1', facts), 3));
    expect(count(again.world, 'v1')).toBe(2);
  });
});

describe('a service whose number of instances goes by a query', () => {
  const { cpu: _cpu, ...rest } = autoscale;
  const queue = { ...rest, prometheus: { query: 'sum(queue)', target: 30 } };
  const start = deployed('v1', { replicas: 3, autoscale: queue });

  const after = (reading: ServiceLoad['prometheus']): readonly [World, JournalEntry[]] => {
    const known = { at: start.now, cpu: new Map(), requests: null, recommendations: [] };
    const load = new Map([['shop/web', { ...known, prometheus: reading }]]);
    const decision = decide({ ...start, load });
    const entries = decision.entries.filter(({ kind }) => kind === 'scaled');
    return [{ ...start, journal: { ...start.journal, loads: decision.scale.standings } }, entries];
  };

  it('has what that asks for, and tells the share of each', () => {
    const [world, entries] = after({ kind: 'read', value: 150 });

    const cause = 'prometheus 50 above 30';
    expect(entries).toMatchObject([{ from: 3, replicas: 5, cause }]);
    expect(world.journal.loads.get('shop/web')).toEqual([
      { metric: 'prometheus', value: 50, target: 30 },
    ]);
  });

  it('stays as it is while there is no answer, and says why', () => {
    const [world, entries] = after({ kind: 'unread', reason: 'HTTP 503' });

    expect(entries).toEqual([]);
    expect(world.journal.loads.get('shop/web')).toEqual([
      { metric: 'prometheus', value: null, target: 30, reason: 'HTTP 503' },
    ]);
  });
});

describe('a number is left as it is', () => {
  it('while a rollout goes on, and follows the load after it', () => {
    const container = { image: 'testapp:v2' };
    const changed = shop('v2', { ...facts, container, update: { monitorMs: 2 * minute } });
    const during = under(commit(settled(), changed, 2), 560, 110_000);
    expect(during.changes).toEqual([]);
    expect(slotsOf(during.world)).toBe(3);

    const after = under(during.world, 560, 3 * minute);
    expect(after.changes[0]).toMatch(/^3 → /);
    expect(count(after.world, 'v2')).toBe(8);
  });

  it('while what has failed is rolled back, and stands aside', () => {
    const container = { image: 'testapp:v2' };
    const broken = shop('v2', { ...facts, container });
    const after = under(commit(settled(), broken, 2), 560, 10 * minute, neverReady);

    expect(decisionOf(decide(after.world)).target.mode).toBe('rollback');
    expect(after.changes).toEqual([]);
    expect(count(after.world, 'v1')).toBe(3);
  });

  it('while it is suspended', () => {
    const { changes } = under(asking(settled(), 'suspend'), 560, 5 * minute);

    expect(changes).toEqual([]);
  });

  it('while a host is drained that has some of it', () => {
    const before = settled();
    const hosts = before.desired.fleet.hosts.map((host, at) => ({ ...host, drain: at === 0 }));
    const fleet = { ...before.desired.fleet, hosts };
    const world = { ...before, desired: { ...before.desired, fleet } };
    expect(scaledIn({ ...world, load: loadOf(world, 560) })).toEqual([]);

    const later = under(world, 560, 3 * minute);
    expect(later.changes[0]).toMatch(/^3 → /);
  });

  it('by what was measured before it was changed', () => {
    const world = settled();
    const load = loadOf(world, 560);
    const first = decide({ ...world, load });
    const second = decide(pass({ ...world, load }, first, [], fine));

    expect(first.entries).toMatchObject([{ kind: 'scaled', from: 3, replicas: 7 }]);
    expect(second.entries.filter(({ kind }) => kind === 'scaled')).toEqual([]);
  });
});

describe('a journal that is lost', () => {
  it('takes the number from what runs, within the bounds of the commit', () => {
    const { world } = under(settled(), 560, minute);
    const next = run({ ...world, journal: emptyJournal, load: new Map() });

    expect(next.steps).toEqual([]);
    expect(next.entries).toContainEqual(
      expect.objectContaining({ kind: 'scaled', from: null, replicas: 8 }),
    );
    const bounds = { ...autoscale, max: 5 };
    const less = commit(
      { ...world, journal: emptyJournal },
      shop('v1', { ...facts, autoscale: bounds }),
      2,
    );
    expect(count(run({ ...less, load: new Map() }).world, 'v1')).toBe(5);
  });

  it('is not written anew as long as some host cannot be seen', () => {
    const { world } = under(settled(), 560, minute);
    const dark = seeing({ ...world, journal: emptyJournal }, anUnreachableHost('host-2'));
    expect(scaledIn(dark)).toEqual([]);
    const host = world.observations.get(aReachableHost('host-2').host);
    if (host === undefined) throw new Error('there is no host-2');
    expect(scaledIn(seeing(dark, host))).toMatchObject([{ replicas: 8 }]);
  });
});

describe('a number that no host has room for', () => {
  it('stays under what is rolled out already, whatever becomes of the hosts', () => {
    const halves = { ...facts, replicas: 2, reservedNanoCpus: 0.5e9 };
    const full = under(deployed('v1', halves, ['host-1', 'host-2']), 8 * 70, 3 * minute).world;
    const begun = under(commit(full, shop('v2', halves), 2), 8 * 70, 4_000).world;
    expect(begun.journal.applications.get('shop')?.rollout).not.toBeNull();
    const hosts = begun.desired.fleet.hosts.map((host, at) => ({ ...host, drain: at === 0 }));
    const fleet = { ...begun.desired.fleet, hosts };

    const draining = { ...begun, desired: { ...begun.desired, fleet } };

    expect(under(draining, 8 * 70, minute / 2).changes).toEqual([]);
  });

  it('holds up no commit: what has no host is given up before that begins', () => {
    const halves = { ...facts, replicas: 2, reservedNanoCpus: 0.5e9 };
    const full = under(deployed('v1', halves, ['host-1']), 8 * 70, 3 * minute);
    expect(full.changes.at(-1)).toMatch(/→ 8/);
    expect(count(full.world, 'v1')).toBe(4);

    const after = under(commit(full.world, shop('v2', halves), 2), 60, 5 * minute);

    expect(after.changes[0]).toBe('8 → 4: no host has room for more');
    expect(after.changes.at(-1)).toMatch(/→ 2/);
    expect(count(after.world, 'v1')).toBe(0);
    expect(count(after.world, 'v2')).toBe(2);
  });
});
