import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createHostCgroup, detectCgroups, processesIn } from '../../../src/sandbox/cgroups.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleetwright-cgroup-'));
});

afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe('detectCgroups()', () => {
  it('takes one hierarchy for version 2', () => {
    write('cgroup.controllers', 'cpu memory\n');

    expect(detectCgroups(root)).toEqual({ version: 2, tracker: root, roots: [root] });
  });

  it('tracks by the freezer in version 1, and knows the other hierarchies', () => {
    for (const name of ['memory', 'freezer', 'unified']) write(`${name}/cgroup.procs`, '');
    mkdirSync(join(root, 'not-mounted'));

    const { version, tracker, roots } = detectCgroups(root);

    expect({ version, tracker }).toEqual({ version: 1, tracker: join(root, 'freezer') });
    expect(roots.toSorted()).toEqual(
      ['freezer', 'memory', 'unified'].map((name) => join(root, name)),
    );
  });

  it('says what to do when none is mounted', () => {
    expect(() => detectCgroups(root)).toThrow('mount -t cgroup2');
  });
});

describe('createHostCgroup()', () => {
  it('makes a place for holder, engine and containers', () => {
    write('cgroup.controllers', '');
    const cgroups = detectCgroups(root);

    createHostCgroup(cgroups, '/fw0', '/fw0/host-1');
    for (const [part, pids] of [
      ['h', '11\n'],
      ['d', '12\n13\n'],
      ['c', ''],
    ] as const) {
      write(`fw0/host-1/${part}/cgroup.procs`, pids);
    }

    expect(new Set(processesIn(cgroups, '/fw0'))).toEqual(new Set([11, 12, 13]));
    expect(processesIn(cgroups, '/fw1')).toEqual([]);
  });
});
