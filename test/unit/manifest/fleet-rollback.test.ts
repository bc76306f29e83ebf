import { describe, expect, it } from 'vitest';

import { loadFiles } from '../../support/load-files.ts';

const fleet = 'name: prod\nhosts: [{ name: a, endpoint: "unix:///run/docker.sock" }]\n';

describe('loadManifests() reads rollback.writeBack', () => {
  it.each([
    { written: '', meant: 'off' },
    { written: 'rollback: {}', meant: 'off' },
    { written: 'rollback: { writeBack: off }', meant: 'off' },
    { written: 'rollback: { writeBack: commit }', meant: 'commit' },
    { written: 'rollback: { writeBack: push }', meant: undefined },
  ])('"$written" as $meant', ({ written, meant }) => {
    const loaded = loadFiles({ 'fleet.yaml': `${fleet}${written}\n` });

    expect(loaded.fleet?.rollback.writeBack).toBe(meant);
  });
});
