import { describe, expect, it } from 'vitest';

import { validateWhy } from '../../../src/generated/validators.js';
import type { Why } from '../../../src/generated/why.ts';
import type { ApplicationSpec } from '../../../src/model/application.ts';
import { diagnosticAt } from '../../../src/model/diagnostic.ts';
import type { HistoryEntry } from '../../../src/model/history.ts';
import { historyEntry } from '../../../src/model/history.ts';
import type { RejectedRevision } from '../../../src/model/rejected-revision.ts';
import { renderWhy } from '../../../src/report/render-why.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { whyDocument } from '../../../src/report/why-document.ts';
import { findTarget } from '../../../src/report/why-target.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { inventoryOf } from '../../../src/rollout/older-schemas.ts';
import type { World } from '../../../src/rollout/world.ts';
import {
  aCommit,
  anApplication,
  anUnreachableHost,
  aRevision,
  aService,
  aWorld,
  origin,
} from '../../support/builders.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { commit, exits, run, running, seeing } from '../rollout/scenario.ts';
import { overlong } from './lines.ts';

function shop(tag: string, facts: ServiceFacts = {}, suspend = false): readonly ApplicationSpec[] {
  const service = aService({ ...facts, container: { image: `testapp:${tag}` } });
  return [anApplication([service], { suspend })];
}

interface Past {
  readonly history?: readonly HistoryEntry[];
  readonly commits?: readonly HistoryEntry[];
  readonly rejected?: RejectedRevision | null;
}

function whyOf(world: World, text: string, past: Past = {}): Why | null {
  const decision = decide(world);
  const { instances } = inventoryOf(world);
  const target = findTarget(text, decision, instances);
  const { history = [], commits = [], rejected = null } = past;
  if (target === null) return null;
  return whyDocument({
    text,
    target,
    world,
    decision,
    instances,
    rejected,
    history,
    commits,
  });
}

function must(why: Why | null): Why {
  if (why === null) throw new Error('there is such a thing');
  validateWhy(why);
  expect(validateWhy.errors).toBeNull();
  return why;
}

const good = run(aWorld(shop('v1', { replicas: 2 }))).world;
const failed = run(commit(good, shop('v2', { replicas: 2 }), 2), exits('testapp:v2')).world;
const container = inventoryOf(good).instances.find(({ identity }) => identity.slot === '1');
const name = container?.container.name ?? '';
const { now } = good;
const made = { application: 'shop', service: 'web', slot: '1', container: name } as const;

/** Newest first, as the journal has it. */
const history: readonly HistoryEntry[] = [
  historyEntry({ at: now, kind: 'rollout-started', application: 'shop', commit: aCommit(9) }),
  historyEntry({ at: 40, kind: 'step', action: 'update-container', ...made, startedAt: 35 }),
  historyEntry({
    at: 20,
    kind: 'step',
    action: 'create-container',
    ...made,
    commit: aCommit(7),
    origin: { ...origin, line: 4 },
    fields: ['image'],
    cause: 'image changed',
    startedAt: 15,
  }),
  historyEntry({ at: 10, kind: 'rollout-started', application: 'shop', commit: aCommit(7) }),
];
const commits = [
  historyEntry({
    at: 5,
    kind: 'commit-accepted',
    commit: aCommit(7),
    actor: 'Grace',
    message: 'new',
  }),
];

describe('why a container runs', () => {
  it.each([name, container?.container.id ?? '', 'shop/web/1'])('is told for %s', (text) => {
    const { slots, actions } = must(whyOf(good, text, { history, commits }));

    expect(slots).toMatchObject([
      {
        container: name,
        commit: aCommit(7),
        author: 'Grace',
        subject: 'new',
        origin: { file: origin.file, line: 4 },
        field: 'image',
        decision: { kind: 'rollout-started', commit: aCommit(7) },
        steps: [{ action: 'create-container' }, { action: 'update-container' }],
        phase: 'promoted',
        available: true,
      },
    ]);
    expect(actions).toEqual([]);
  });

  it('is told from its labels and the manifest where the history does not reach', () => {
    const [slot] = must(whyOf(good, name)).slots;

    expect(slot).toMatchObject({ commit: aCommit(1), author: 'Ada', origin, decision: null });
  });

  it('is told for each slot of a service or an application', () => {
    for (const text of ['shop', 'shop/web']) {
      expect(must(whyOf(good, text)).slots.map(({ slot }) => slot)).toEqual(['1', '2']);
    }
  });

  it.each(['blog', 'shop/db', 'shop/web/3', 'shop/web/1/x', 'abc'])(
    'is no question for %s',
    (text) => {
      expect(whyOf(good, text)).toBeNull();
    },
  );
});

describe('what stands in the way', () => {
  const rejected = {
    revision: aRevision(3),
    diagnostics: [diagnosticAt(origin, 'services', 'unknown-key', 'unknown key "imge"')],
  };
  it.each([
    ['a failure', failed, /fleetwright retry shop$/],
    ['a suspension', commit(good, shop('v2', {}, true), 2), /"suspend: true"/],
    [
      'a host',
      seeing(good, anUnreachableHost('host-1', { since: good.now - 60_000 })),
      /fleetwright fence host-1$/,
    ],
  ])('is said with what to do about it: %s', (_what, world, action) => {
    const { actions } = must(whyOf(world, 'shop'));

    expect(actions).toEqual([expect.stringMatching(action)]);
  });

  it('is the newest commit, when it is refused', () => {
    const why = must(whyOf(good, 'shop', { rejected }));

    expect(why.refused).toEqual({
      commit: aCommit(3),
      message: `${origin.file}:1:1: unknown key "imge"`,
    });
  });

  it('is the approval of a deletion', () => {
    const why = must(whyOf(commit(good, [], 2), 'shop'));

    expect(why.conditions).toEqual([]);
    expect(why.slots.map(({ phase }) => phase)).toEqual(['leaving', 'leaving']);
    expect(why.actions).toEqual([`fleetwright sync --approve-prune ${aCommit(2).slice(0, 12)}`]);
    expect(running(good)).toHaveLength(2);
  });
});

describe('the text', () => {
  it('is the chain, then how things stand and what to do, on 80 columns', () => {
    const text = renderWhy(must(whyOf(good, 'shop/web/1', { history, commits })), plainStyle);

    expect(overlong(text)).toEqual([]);
    expect(text.split('\n').map((line) => line.trim().split(/\s{2,}/)[0])).toEqual([
      expect.stringMatching(/^shop\/web\/1 on host-/),
      'commit',
      'line',
      'field',
      'decision',
      'step',
      'step',
      'result',
      '',
      'shop',
      'now',
      'to do',
    ]);
  });

  it('breaks what is long', () => {
    const text = renderWhy(must(whyOf(failed, 'shop')), plainStyle);

    expect(overlong(text)).toEqual([]);
    expect(text).toContain('RolledBack: web failed in');
  });
});
