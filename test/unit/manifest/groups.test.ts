import { describe, expect, it } from 'vitest';

import type { LoadedManifests } from '../../../src/manifest/manifest.ts';
import { formatProblem, loadFiles } from '../../support/load-files.ts';

const hosts = [
  '{ name: a, endpoint: "unix:///a", labels: { zone: eu, ssd: true } }',
  '{ name: b, endpoint: "unix:///b", labels: { zone: us } }',
].join(', ');

function load(lines: readonly string[], constraint = ''): LoadedManifests {
  const fleet = ['name: f', `hosts: [${hosts}]`, ...lines].join('\n');
  const placement = constraint === '' ? '' : `placement: { constraints: [${constraint}] }`;
  const manifest = `name: shop\nservices: { web: { image: x, deploy: { ${placement} } } }`;
  return loadFiles({ 'fleet.yaml': fleet, 'compose.yaml': manifest });
}

function problems(lines: readonly string[], constraint = ''): readonly string[] {
  return load(lines, constraint).diagnostics.map(formatProblem);
}

function groupsOf({ fleet }: LoadedManifests): unknown {
  return fleet?.hosts.map(({ name, groups }) => [name, groups]);
}

describe('groups of fleet.yaml', () => {
  it('are hosts by name, or by all of some labels', () => {
    const loaded = load(['groups: { old: [a, b], fast: { ssd: true, zone: eu }, none: [] }']);

    expect(groupsOf(loaded)).toEqual([
      ['a', ['fast', 'old']],
      ['b', ['old']],
    ]);
    expect(loaded.fleet?.groups).toEqual(['fast', 'none', 'old']);
  });

  it('name hosts that are there, and none that is a host itself', () => {
    expect(problems(['groups: { old: [aa, b], b: [a] }'])).toEqual([
      'fleet.yaml:3:17 unknown-host: no host is named "aa" (did you mean "a"?)',
      'fleet.yaml:3:25 duplicate-host: the group "b" is named like a host',
    ]);
  });

  it('are no members of groups', () => {
    expect(problems(['groups: { old: [a], all: [old, b] }'])).toEqual([
      expect.stringMatching(/^fleet.yaml:3:27 unknown-host: no host is named "old"/),
    ]);
  });

  it('give hosts to a namespace', () => {
    const groups = 'groups: { old: [a] }';

    expect(problems([groups, 'namespaces: { prod: { hosts: old } }'])).toEqual([]);
    expect(problems([groups, 'namespaces: { prod: { hosts: [old, b] } }'])).toEqual([]);
    expect(problems([groups, 'namespaces: { prod: { hosts: ald } }'])).toEqual([
      'fleet.yaml:4:30 unknown-host: no host or group is named "ald" (did you mean "old"?)',
    ]);
  });

  it('are what node.group compares', () => {
    const groups = ['groups: { old: [a] }'];

    expect(problems(groups, 'node.group == OLD')).toEqual([]);
    expect(problems(groups, 'node.group != ould')).toEqual([
      'compose.yaml:2:67 unknown-group: no group of hosts is named "ould" (did you mean "old"?)',
    ]);
    expect(load(groups, 'node.group != ould').applications).toEqual([]);
  });
});
