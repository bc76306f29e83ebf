import { describe, expect, it } from 'vitest';

import type { LoadedManifests } from '../../../src/manifest/manifest.ts';
import type { CacheEntry } from '../../../src/manifest/parse-cache.ts';
import { judgeApplications } from '../../../src/manifest/rules/applications.ts';
import { anApplication, origin } from '../../support/builders.ts';
import { formatProblem, loadApplication, loadFiles } from '../../support/load-files.ts';

const fleet = 'name: prod\nhosts: [{ name: a, endpoint: "unix:///run/docker.sock" }]\n';

/** A commit with a fleet and applications that say these things under `x-fleetwright`. */
function commit(applications: Readonly<Record<string, string>>): Record<string, string> {
  const files = Object.entries(applications).map(([name, own]) => [
    `${name}/compose.yaml`,
    `services: { web: { image: x } }\nx-fleetwright: { ${own} }\n`,
  ]);
  return { 'fleet.yaml': fleet, ...(Object.fromEntries(files) as Record<string, string>) };
}

function problems({ diagnostics }: LoadedManifests): readonly string[] {
  return diagnostics.map(formatProblem);
}

function names({ applications }: LoadedManifests): readonly string[] {
  return applications.map(({ name }) => name);
}

describe('resolveApplication()', () => {
  it('fills in defaults', () => {
    expect(loadApplication('services: { web: { image: x } }\n')).toMatchObject({
      dependsOn: [],
      wave: 0,
      rolloutGroup: null,
      suspend: false,
      retry: 0,
    });
  });

  it('reads what is written, in its short and its long form', () => {
    const application = loadApplication(`
services: { web: { image: x } }
x-fleetwright:
  dependsOn: [queue, { application: db, condition: started, required: false }, { application: auth }]
  wave: -2
  rolloutGroup: shop-1.x_y
  suspend: true
  retry: 3
`);

    expect(application).toMatchObject({
      wave: -2,
      rolloutGroup: 'shop-1.x_y',
      suspend: true,
      retry: 3,
    });
    const line4 = { file: 'shop/compose.yaml', line: 4 };
    expect(application.dependsOn).toEqual([
      {
        application: 'auth',
        condition: 'healthy',
        required: true,
        origin: { ...line4, column: 95 },
      },
      {
        application: 'db',
        condition: 'started',
        required: false,
        origin: { ...line4, column: 37 },
      },
      {
        application: 'queue',
        condition: 'healthy',
        required: true,
        origin: { ...line4, column: 15 },
      },
    ]);
  });

  it('reads variables', () => {
    const manifest =
      'services: { web: { image: x } }\nx-fleetwright: { wave: $N, retry: "$N", suspend: $YES, dependsOn: ["$DB", { application: a, required: $NO }] }\n';
    const application = loadApplication(manifest, {
      'shop/.env': 'N=7\nYES=true\nNO=false\nDB=postgres\n',
    });

    expect(application).toMatchObject({
      wave: 7,
      retry: 7,
      suspend: true,
      dependsOn: [
        { application: 'a', required: false },
        { application: 'postgres', required: true },
      ],
    });
  });

  it('lets an override replace what is said of the same application', () => {
    const application = loadApplication(
      'services: { web: { image: x } }\nx-fleetwright: { dependsOn: [a, b] }\n',
      {
        'shop/compose.override.yaml':
          'x-fleetwright: { dependsOn: [{ application: a, condition: started }, c] }\n',
      },
    );

    expect(application.dependsOn).toMatchObject([
      { application: 'a', condition: 'started' },
      { application: 'b', condition: 'healthy' },
      { application: 'c', condition: 'healthy' },
    ]);
  });

  it.each([
    { own: 'wave: 1.5', expected: '24 wrong-type: "wave" must be integer or string, got number' },
    {
      own: 'wave: first',
      expected: '24 invalid-value: "wave" must be a whole number, got "first"',
    },
    { own: 'retry: -1', expected: '25 invalid-value: "retry" must be at least 0, got -1' },
    {
      own: 'suspend: maybe',
      expected: '27 invalid-value: "suspend" must be true or false, got "maybe"',
    },
    {
      own: 'rolloutGroup: a/b',
      expected:
        '32 invalid-value: "rolloutGroup" must be letters, digits, ".", "_" or "-", starting with a letter or digit, got "a/b"',
    },
    {
      own: 'dependsOn: db',
      expected: '29 wrong-type: "dependsOn" must be array, got string',
    },
    { own: 'dependsOn: [""]', expected: '30 invalid-value: "dependsOn.0" must not be empty' },
    {
      own: 'dependsOn: [{ condition: healthy }]',
      expected: '30 missing-key: "dependsOn.0" must have the key "application"',
    },
    {
      own: 'dependsOn: [{ application: db, condition: service_healthy }]',
      expected:
        '60 invalid-value: "condition" must be started, healthy or completed, got "service_healthy"',
    },
    {
      own: 'dependOn: [db]',
      expected: '18 unknown-key: unknown key "dependOn" (did you mean "dependsOn"?)',
    },
  ])('refuses $own', ({ own, expected }) => {
    const loaded = loadFiles(commit({ shop: own }));

    expect(problems(loaded)).toEqual([`shop/compose.yaml:2:${expected}`]);
    expect(names(loaded)).toEqual([]);
  });
});

describe('judgeApplications()', () => {
  it.each([
    {
      name: 'an application that is not there',
      applications: { postgres: '', shop: 'dependsOn: [{ application: postgre }]' },
      expected: [
        'shop/compose.yaml:2:45 undefined-application: application "shop" depends on application "postgre", which is not defined (did you mean "postgres"?)',
      ],
      kept: ['postgres'],
    },
    {
      name: 'itself',
      applications: { shop: 'dependsOn: [shop]' },
      expected: ['shop/compose.yaml:2:30 dependency-cycle: application "shop" depends on itself'],
      kept: [],
    },
    {
      name: 'a cycle, once, from its first application',
      applications: {
        a: 'dependsOn: [d]',
        b: 'dependsOn: [c]',
        c: 'dependsOn: [d]',
        d: 'dependsOn: [{ application: b, required: false }]',
      },
      expected: [
        'b/compose.yaml:2:30 dependency-cycle: applications wait for each other: b → c → d → b',
      ],
      kept: ['a', 'c', 'd'],
    },
    {
      name: 'a lower wave that waits for a higher one',
      applications: { db: 'wave: 2', shop: 'dependsOn: [db], wave: 1' },
      expected: [
        'shop/compose.yaml:2:30 dependency-cycle: applications wait for each other: "shop" depends on "db", and "db" of wave 2 waits for all of wave 1, of which "shop" is one',
      ],
      kept: ['db'],
    },
    {
      name: 'a cycle through the waves, at the dependency that makes it one',
      applications: { a: 'dependsOn: [b]', b: 'wave: 1, dependsOn: [a]' },
      expected: [
        'a/compose.yaml:2:30 dependency-cycle: applications wait for each other: "a" depends on "b", and "b" of wave 1 waits for all of wave 0, of which "a" is one',
      ],
      kept: ['b'],
    },
    {
      name: 'the end of what runs for ever',
      applications: { db: '', shop: 'dependsOn: [{ application: db, condition: completed }]' },
      expected: [
        'shop/compose.yaml:2:45 never-completes: application "shop" waits for "db" to complete, but its service "web" runs for ever',
      ],
      kept: ['db'],
    },
  ])('refuses $name', ({ applications, expected, kept }) => {
    const loaded = loadFiles(commit(applications));

    expect(problems(loaded)).toEqual(expected);
    expect(names(loaded)).toEqual(kept);
    expect(loaded.found).toEqual(Object.keys(applications));
  });

  it('gives a hint with each complaint', () => {
    const loaded = loadFiles(commit({ a: 'dependsOn: [a, x]', b: 'dependsOn: [c]', c: 'wave: 1' }));

    expect(loaded.diagnostics).toMatchObject([
      { path: 'x-fleetwright.dependsOn', hint: 'Remove the dependency' },
      { hint: 'Name an application of this repository, or set required: false' },
      { hint: 'Give "c" wave 0 or a lower one, or "b" wave 1 or a higher one' },
    ]);
  });

  it.each<{ name: string; applications: Record<string, string> }>([
    {
      name: 'an optional application that is not there',
      applications: { shop: 'dependsOn: [{ application: db, required: false }]' },
    },
    {
      name: 'a diamond over waves',
      applications: {
        a: 'wave: 1, dependsOn: [b, c]',
        b: 'wave: 1, dependsOn: [d]',
        c: 'dependsOn: [d]',
        d: 'wave: -1',
      },
    },
    {
      name: 'members of one group that depend on each other',
      applications: { db: 'rolloutGroup: g', shop: 'rolloutGroup: g, dependsOn: [db]' },
    },
  ])('allows $name', ({ applications }) => {
    expect(problems(loadFiles(commit(applications)))).toEqual([]);
  });

  it('lets an application be completed whose services all end', () => {
    const files = {
      ...commit({ shop: 'dependsOn: [{ application: load, condition: completed }]' }),
      'load/compose.yaml':
        'services: { a: { image: x, restart: "no" }, b: { image: x, restart: on-failure } }\n',
    };

    expect(problems(loadFiles(files))).toEqual([]);
  });

  it('does not miss an application that is there but invalid', () => {
    const files = {
      ...commit({ shop: 'dependsOn: [db]' }),
      'db/compose.yaml': 'services: { a: {} }\n',
    };

    expect(problems(loadFiles(files))).toEqual([
      'db/compose.yaml:1:13 missing-image: service "a" has no image',
    ]);
  });

  it('follows a chain of ten thousand applications', () => {
    const chain = Array.from({ length: 10_000 }, (_, at) => {
      const next = `a${(at + 1) % 10_000}`;
      const dependency = {
        application: next,
        condition: 'healthy',
        required: true,
        origin,
      } as const;
      return [`a${at}`, anApplication([], { name: `a${at}`, dependsOn: [dependency] })] as const;
    });
    const judged = judgeApplications({ applications: new Map(chain), found: [], partial: false });

    expect([...judged.keys()]).toEqual(['a0']);
    expect(judged.get('a0')?.[0]?.message).toMatch(/: a0 → a1 → .* → a9999 → a0$/);
  });

  it('judges applications that did not change, together with those that did', () => {
    const cache = new Map<string, CacheEntry>();
    const before = commit({ db: '', shop: 'dependsOn: [db]' });
    loadFiles(before, { cache });
    const { 'db/compose.yaml': _gone, ...after } = before;

    expect(problems(loadFiles(after, { cache }))).toEqual([
      'shop/compose.yaml:2:30 undefined-application: application "shop" depends on application "db", which is not defined',
    ]);
  });
});

describe('judgeApplications() of a part of a repository', () => {
  const files = commit({ db: 'wave: 1', shop: 'dependsOn: [auth, db]' });
  const { 'fleet.yaml': _fleet, ...folder } = files;
  const againstTheWaves = expect.stringContaining(
    'shop/compose.yaml:2:36 dependency-cycle',
  ) as string;

  it('misses nothing beside a single manifest', () => {
    expect(problems(loadFiles(files, { only: ['shop/compose.yaml'] }))).toEqual([]);
  });

  it('misses nothing beside a folder without the fleet, and judges what is there', () => {
    expect(problems(loadFiles(folder))).toEqual([againstTheWaves]);
  });

  it('misses what a commit lacks, though it also lacks the fleet', () => {
    expect(problems(loadFiles(folder, { fleetRequired: true }))).toEqual([
      expect.stringContaining('missing-fleet'),
      expect.stringContaining('shop/compose.yaml:2:30 undefined-application'),
      againstTheWaves,
    ]);
  });
});
