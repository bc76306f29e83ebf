import { describe, expect, it } from 'vitest';

import { validateDrift } from '../../../src/generated/validators.js';
import type { DriftHistory, DriftInput } from '../../../src/report/drift-document.ts';
import { authorKey, driftDocument } from '../../../src/report/drift-document.ts';
import { driftHtml } from '../../../src/report/drift-html.ts';
import { driftMarkdown } from '../../../src/report/drift-markdown.ts';
import { driftSarif } from '../../../src/report/drift-sarif.ts';
import { renderDrift } from '../../../src/report/render-drift.ts';
import { plainStyle } from '../../../src/report/style.ts';
import {
  aCommit,
  aDriftItem,
  anIgnoreRule,
  anUnreachableHost,
  aReachableHost,
  aRevision,
} from '../../support/builders.ts';
import { overlong } from './lines.ts';

const limit = aDriftItem();
const missing = aDriftItem({
  slot: '2',
  container: '',
  containerId: null,
  class: 'missing',
  severity: 'critical',
  path: '',
  desired: 'testapp:v1',
  observed: null,
  note: 'another instance is created',
});
const orphan = aDriftItem({
  application: 'blog',
  class: 'orphan',
  path: '',
  desired: null,
  observed: 'blog-web-1-cafe',
  origin: null,
  commit: null,
  action: 'report',
  note: 'its application is no longer in the repository',
});
const records: readonly DriftHistory[] = [
  { item: missing, firstSeen: 3_600_000, resolvedAt: 3_605_000 },
  { item: limit, firstSeen: 60_000, resolvedAt: null },
  { item: orphan, firstSeen: 60_000, resolvedAt: null },
];

const rule = anIgnoreRule();

function report(
  list: readonly DriftHistory[] = records,
  rules: Partial<Pick<DriftInput, 'ignored' | 'expiredRules'>> = {},
): ReturnType<typeof driftDocument> {
  const author = { ...aRevision(9), author: 'Grace <grace@example.com>', date: 1_700_000_000_000 };
  return driftDocument({
    revision: aRevision(1),
    records: list,
    ignored: [],
    expiredRules: [],
    hostNotes: [],
    observations: [aReachableHost('host-1'), anUnreachableHost('host-3')],
    authors: new Map([[authorKey(limit) ?? '', author]]),
    now: 7_200_000,
    ...rules,
  });
}

const leftAlone = report([], {
  ignored: [{ item: limit, rule }],
  expiredRules: [anIgnoreRule({ path: 'environment.*', until: 86_400_000 })],
});

describe('driftDocument()', () => {
  it.each([
    ['of several items', report()],
    ['of none', report([])],
    ['of what is left alone', leftAlone],
  ])('is valid by its schema: %s', (_name, document) => {
    const isValid = validateDrift(JSON.parse(JSON.stringify(document)));

    expect(isValid, JSON.stringify(validateDrift.errors)).toBe(true);
  });

  it('counts what is open and what was put right, and what cannot be seen', () => {
    expect(report().summary).toEqual({
      open: 2,
      resolved: 1,
      ignored: 0,
      unreachableHosts: ['host-3'],
    });
  });

  it('lists open items first, by application, service and slot', () => {
    const order = report().items.map(({ state, application, slot }) => [state, application, slot]);

    expect(order).toEqual([
      ['open', 'blog', '1'],
      ['open', 'shop', '1'],
      ['resolved', 'shop', '2'],
    ]);
  });

  it('sorts slots by number', () => {
    const list = ['10', '9', '1'].map((slot) => ({
      item: aDriftItem({ slot }),
      firstSeen: 0,
      resolvedAt: null,
    }));

    expect(report(list).items.map(({ slot }) => slot)).toEqual(['1', '9', '10']);
  });

  it('names who changed the line last, and else the commit in force', () => {
    const known = { item: limit, firstSeen: 0, resolvedAt: null };
    const unknown = {
      item: aDriftItem({ slot: '2', commit: aCommit(5) }),
      firstSeen: 0,
      resolvedAt: null,
    };

    const origins = report([known, unknown]).items.map(({ origin }) => origin);

    expect(origins).toMatchObject([
      { commit: aCommit(9), author: 'Grace <grace@example.com>', date: '2023-11-14T22:13:20Z' },
      { commit: aCommit(1), author: 'Ada' },
    ]);
  });
});

describe('renderDrift()', () => {
  it('shows each item with both values, its line and what is done', () => {
    expect(renderDrift(report(), plainStyle)).toMatchInlineSnapshot(`
      "Drift from main@000000000000 "change"

      open: blog/web
        orphan  slot 1, host-1, shop-web-1-cafe
          instance: is blog-web-1-cafe, should be –
          since 1970-01-01T00:01:00Z; report: its application is no longer in the
          repository

      open: shop/web
        mutable-field  slot 1, host-1, shop-web-1-cafe
          deploy.resources.limits.memory: is 128 MiB, should be 64 MiB
          apps/shop/compose.yaml:9:19 in 000000000000 by Grace, 2023-11-14
          since 1970-01-01T00:01:00Z; heal: the limit is set back in place

      resolved: shop/web
        missing  slot 2, host-1
          instance: is –, should be testapp:v1
          apps/shop/compose.yaml:9:19 in 000000000000 by Grace, 2023-11-14
          since 1970-01-01T01:00:00Z, resolved 1970-01-01T01:00:05Z; heal: another
          instance is created

      ! host host-3 cannot be seen: nothing is known of it
      2 open, 1 item put right lately"
    `);
  });

  it('shows what made a difference, and that somebody works against the repair', () => {
    const cause = { kind: 'update', at: 61_000, detail: 'docker update' } as const;
    const item = aDriftItem({ cause, contended: true });
    const document = report([{ item, firstSeen: 61_000, resolvedAt: null }]);

    expect(document.items[0]?.cause).toEqual({ ...cause, at: '1970-01-01T00:01:01Z' });
    const text = renderDrift(document, plainStyle);
    expect(text).toContain('by docker update at 1970-01-01T00:01:01Z');
    expect(text).toContain('contended: somebody keeps changing it back');
    expect(driftMarkdown(document)).toContain('1970-01-01T00:01:01Z, <code>docker update</code>');
    expect(driftMarkdown(document)).toContain('; contended: somebody keeps');
    expect(driftHtml(document)).toContain('docker update at 1970-01-01T00:01:01Z');
    expect(driftHtml(document)).toContain('somebody keeps changing it back');
    const [result] = driftSarif(document, '1').runs[0]?.results ?? [];
    expect(result?.message.text).toContain('; by docker update at 1970-01-01T00:01:01Z');
    expect(overlong(text)).toEqual([]);
  });

  it('shows what is left alone apart, with the rule, and rules that have ended', () => {
    expect(renderDrift(leftAlone, plainStyle)).toMatchInlineSnapshot(`
      "Drift from main@000000000000 "change"

      ignored: shop/web
        mutable-field  slot 1, host-1, shop-web-1-cafe
          deploy.resources.limits.memory: is 128 MiB, should be 64 MiB
          apps/shop/compose.yaml:9:19 in 000000000000 by Grace, 2023-11-14
          by fleet.yaml:7:5: under watch

      ! the rule for environment.* has no effect: fleet.yaml:7:5, until
        1970-01-02T00:00:00Z: under watch
      ! host host-3 cannot be seen: nothing is known of it
      no drift, 1 ignored, 0 items put right lately"
    `);
    expect(overlong(renderDrift(leftAlone, plainStyle))).toEqual([]);
  });

  it('shows that there is none', () => {
    expect(renderDrift(report([]), plainStyle)).toMatchInlineSnapshot(`
      "Drift from main@000000000000 "change"

      ! host host-3 cannot be seen: nothing is known of it
      no drift, 0 items put right lately"
    `);
  });

  it('keeps to the page', () => {
    expect(overlong(renderDrift(report(), plainStyle))).toEqual([]);
  });
});
