import { describe, expect, it } from 'vitest';

import { healSetting } from '../../../src/drift/heal-setting.ts';
import type { DriftClass } from '../../../src/model/drift.ts';
import { aDesiredState } from '../../support/builders.ts';
import { formatProblem, loadApplication, loadFiles } from '../../support/load-files.ts';

const web = 'services:\n  web:\n    image: nginx\n';

function manifest(drift: string): string {
  return `${web}x-fleetwright:\n  drift: ${drift}\n`;
}

function fleet(drift: string): string {
  return `name: f\nhosts: [{ name: eu-1, endpoint: "unix:///a" }]\ndrift: ${drift}\n`;
}

/** What is said of a class in a fleet with these two. */
function said(
  kind: DriftClass,
  { own = '{}', all = '{}' }: { readonly own?: string; readonly all?: string },
): string | null {
  const files = { 'fleet.yaml': fleet(all), 'shop/compose.yaml': manifest(own) };
  const loaded = loadFiles(files);
  expect(loaded.diagnostics).toEqual([]);
  const desired = aDesiredState(loaded.applications, ['eu-1']);
  const heal = loaded.fleet?.heal;
  const withFleet = { ...desired, fleet: { ...desired.fleet, ...(heal && { heal }) } };
  const setting = healSetting(withFleet, 'shop', kind);
  return setting && `${setting.choice} ${setting.origin.file}:${setting.origin.line}`;
}

describe('what becomes of drift', () => {
  it('is not said by default', () => {
    expect(loadApplication(web).heal).toBeUndefined();
    expect(said('stopped', {})).toBe(null);
  });

  it.each<[DriftClass, { own?: string; all?: string }, string | null]>([
    ['stopped', { own: '{ selfHeal: false }' }, 'report shop/compose.yaml:5'],
    ['stopped', { all: '{ selfHeal: false }' }, 'report fleet.yaml:3'],
    [
      'stopped',
      { own: '{ selfHeal: true }', all: '{ selfHeal: false }' },
      'heal shop/compose.yaml:5',
    ],
    [
      'paused',
      { own: '{ selfHeal: false, actions: { paused: heal } }' },
      'heal shop/compose.yaml:5',
    ],
    [
      'network',
      { own: '{ actions: { paused: report } }', all: '{ actions: { network: ignore } }' },
      'ignore fleet.yaml:3',
    ],
    // Nothing heals these, whatever is said.
    ['copy', { own: '{ selfHeal: false }' }, null],
    ['volume', { own: '{ selfHeal: false }' }, null],
  ])('is, for %s with %o, what is said closest to it', (kind, texts, setting) => {
    expect(said(kind, texts)).toBe(setting);
  });

  it('cannot be that what runs is ignored, nor anything that is not known', () => {
    const files = {
      'fleet.yaml': fleet('{}'),
      'shop/compose.yaml': manifest('{ actions: { stopped: ignore, volume: heal } }'),
    };

    expect(loadFiles(files).diagnostics.map(formatProblem)).toEqual([
      expect.stringMatching(/^shop\/compose.yaml:5:\d+ .*stopped/),
      expect.stringMatching(/^shop\/compose.yaml:5:\d+ .*volume/),
    ]);
  });
});
