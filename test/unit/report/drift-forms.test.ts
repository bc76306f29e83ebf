import { describe, expect, it } from 'vitest';

import { driftHtml } from '../../../src/report/drift-html.ts';
import { driftMarkdown } from '../../../src/report/drift-markdown.ts';
import { driftSarif } from '../../../src/report/drift-sarif.ts';
import { longestComment } from '../../../src/report/markdown-comment.ts';
import { aDriftReport } from '../../support/drift-report.ts';

const report = aDriftReport('<b>$(x)</b> @all\u202Egnp');

describe('driftMarkdown()', () => {
  it('has a table for each state and service, what is open first', () => {
    expect(
      driftMarkdown(report)
        .split('\n')
        .filter((line) => /^<details|^\| <code>/.test(line)),
    ).toEqual([
      '<details open><summary>open: <code>shop/web</code></summary>',
      '| <code>mutable-field: host-1, slot 1</code> | <code>environment.GREETING</code> | <code>134217728</code> | <code>&#60;b&#62;&#36;&#40;x&#41;&#60;/b&#62; &#64;all&#92;u&#123;202e&#125;gnp</code> | <code>apps/shop/compose.yaml:9:19 in 000000000000</code> | 1970-01-01T00:01:00Z | heal: <code>memory limit</code> |',
      '<details><summary>ignored: <code>shop/web</code></summary>',
      '| <code>mutable-field: host-1, slot 1</code> | <code>deploy.resources.limits.memory</code> | <code>128 MiB</code> | <code>64 MiB</code> | <code>apps/shop/compose.yaml:9:19 in 000000000000</code> | <code>fleet.yaml:7:5: under watch</code> |',
      '<details><summary>resolved: <code>shop/web</code></summary>',
      '| <code>missing: host-1, slot 2</code> | <code>instance</code> | <code>&#8211;</code> | <code>testapp:v1</code> |  | 1970-01-01T00:01:00Z | heal: <code>the limit is set back in place</code>; resolved 1970-01-01T00:01:05Z |',
    ]);
  });

  it('says what cannot be seen and which rules have ended', () => {
    expect(driftMarkdown(report)).toContain('- host <code>host-3</code> cannot be seen');
    expect(driftMarkdown(report)).toContain('fleet.yaml:7:5, until 1970-01-01T00:00:01Z');
  });

  it('is cut where a comment would be too long', () => {
    const items = Array.from({ length: 2_000 }, () => report.items).flat();

    const text = driftMarkdown({ ...report, items });

    expect(text.length).toBeLessThanOrEqual(longestComment);
    expect(text).toContain('… cut here:');
  });
});

describe('driftSarif()', () => {
  const [run] = driftSarif(report, '1.2.3').runs;
  const results = run?.results ?? [];

  it('has what is open at its line', () => {
    expect(results[0]).toMatchObject({
      ruleId: 'mutable-field',
      level: 'warning',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'apps/shop/compose.yaml', uriBaseId: '%SRCROOT%' },
            region: { startLine: 9, startColumn: 19 },
          },
        },
      ],
    });
  });

  it('has what rules leave alone as suppressed, and nothing that was put right', () => {
    expect(results.map(({ suppressions = [] }) => suppressions.length)).toEqual([0, 1]);
    expect(results[1]?.suppressions?.[0]).toMatchObject({
      justification: 'under watch (fleet.yaml:7:5)',
    });
  });

  it('knows an item again when another container has its slot', () => {
    const items = report.items.map((item) => ({ ...item, container: 'another' }));
    const again = driftSarif({ ...report, items }, '1.2.3').runs[0]?.results ?? [];

    expect(again[0]?.partialFingerprints).toEqual(results[0]?.partialFingerprints);
    expect(results[1]?.partialFingerprints).not.toEqual(results[0]?.partialFingerprints);
  });

  it('has each class as a rule of the tool', () => {
    expect(run?.tool.driver).toMatchObject({ name: 'Fleetwright', version: '1.2.3' });
    expect(run?.tool.driver.rules?.map(({ id }) => id)).toEqual(['missing', 'mutable-field']);
  });
});

describe('driftHtml()', () => {
  it('shows what turns the direction of a text as its code', () => {
    expect(driftHtml(report)).toContain(String.raw`@all\u{202e}gnp`);
  });

  it('has no filters where there is nothing to filter', () => {
    expect(driftHtml({ ...report, items: [], ignored: [] })).not.toContain('<form');
  });
});
