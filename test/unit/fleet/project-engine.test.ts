import { expect, it } from 'vitest';

import { projectEngine, projectSkew } from '../../../src/fleet/project-engine.ts';

it('projectEngine() names the platform as image manifests do', () => {
  const facts = projectEngine(
    { Os: 'linux', Arch: 'amd64' },
    {
      ID: 'X',
      Name: 'vm',
      ServerVersion: '20.10.24',
      NCPU: 2,
      MemTotal: 5,
      Labels: ['zone=a', 'b'],
    },
    '1.41',
  );

  expect(facts).toEqual({
    id: 'X',
    hostname: 'vm',
    version: '20.10.24',
    apiVersion: '1.41',
    os: 'linux',
    architecture: 'amd64',
    cpus: 2,
    memoryBytes: 5,
    labels: { zone: 'a', b: '' },
  });
});

const noon = Date.parse('2026-01-01T12:00:00Z');

it.each([
  { name: 'a clock like ours is not skewed', theirs: noon + 200, former: 0, skew: 0 },
  { name: 'an hour ahead', theirs: noon + 3_600_000, former: 0, skew: 3_600_000 },
  {
    name: 'a former value that still fits sticks',
    theirs: noon + 3_600_300,
    former: 3_600_000,
    skew: 3_600_000,
  },
  { name: 'a clock that was set right', theirs: noon, former: 3_600_000, skew: 0 },
])('projectSkew(): $name', ({ theirs, former, skew }) => {
  const info = { SystemTime: new Date(theirs).toISOString() };

  expect(projectSkew(info, noon - 10, noon + 10, former)).toBe(skew);
});

it('projectSkew() keeps the former value when the engine does not tell', () => {
  expect(projectSkew({}, noon, noon, 7)).toBe(7);
});
