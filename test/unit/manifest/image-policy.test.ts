import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles, loadWeb } from '../../support/load-files.ts';

function fleetWith(image: string): ReturnType<typeof loadFiles> {
  const hosts = 'hosts: [{ name: eu-1, endpoint: "unix:///a" }]';
  return loadFiles({ 'fleet.yaml': `name: f\n${hosts}\n${image}\n` });
}

describe('x-fleetwright.image.tagMoved', () => {
  it.each(['ignore', 'report', 'roll'])('is read as %s, and changes no hash', (policy) => {
    const service = loadWeb([`x-fleetwright: { image: { tagMoved: ${policy} } }`]);

    expect(service.tagMoved).toBe(policy);
    expect(service.hash).toBe(loadWeb().hash);
  });

  it('is left to fleet.yaml where it is not said', () => {
    expect(loadWeb().tagMoved).toBeNull();
  });

  it('refuses another word', () => {
    const manifest =
      'services: { web: { image: nginx, x-fleetwright: { image: { tagMoved: heal } } } }';

    const [problem] = loadFiles({ 'shop/compose.yaml': manifest }).diagnostics;

    expect(problem && formatProblem(problem)).toMatch(/^shop\/compose\.yaml:1:\d+ .*ignore/);
  });
});

describe('pull_policy', () => {
  it.each([
    [[], 'missing'],
    [['pull_policy: if_not_present'], 'missing'],
    [['pull_policy: always'], 'always'],
    [['pull_policy: never'], 'never'],
  ])('%j is %s, and changes no hash', (lines, expected) => {
    const service = loadWeb(lines);

    expect(service.pullPolicy).toBe(expected);
    expect(service.hash).toBe(loadWeb().hash);
  });
});

describe('image of fleet.yaml', () => {
  it.each([
    ['', { tagMoved: 'ignore', intervalMs: 300_000 }],
    ['image: { tagMoved: report }', { tagMoved: 'report', intervalMs: 300_000 }],
    ['image: { tagMoved: roll, interval: 1h }', { tagMoved: 'roll', intervalMs: 3_600_000 }],
  ])('%j is read with its defaults', (text, expected) => {
    expect(fleetWith(text).fleet?.image).toEqual(expected);
  });

  it.each(['interval: soon', 'interval: 10ms', 'interval: -1s', 'tagMoved: heal'])(
    'refuses { %s }',
    (text) => {
      const { diagnostics } = fleetWith(`image: { ${text} }`);

      expect(diagnostics.map(formatProblem)).toEqual([
        expect.stringMatching(/^fleet\.yaml:3:\d+ /),
      ]);
    },
  );
});
