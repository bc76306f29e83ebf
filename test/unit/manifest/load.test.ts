import { describe, expect, it } from 'vitest';

import type { CacheEntry } from '../../../src/manifest/parse-cache.ts';
import type { LoadedManifests } from '../../../src/manifest/manifest.ts';
import { formatProblem, loadFiles, type Files } from '../../support/load-files.ts';
import { noOrigins, originAt } from '../../../src/model/origin.ts';

const image = 'services:\n  web:\n    image: nginx\n';
const fleet = `name: prod
hosts:
  - { name: a, endpoint: "unix:///var/run/docker.sock" }
`;

function problems(loaded: LoadedManifests): readonly string[] {
  return loaded.diagnostics.map(formatProblem);
}

function names(loaded: LoadedManifests): readonly string[] {
  return loaded.applications.map(({ name, file }) => `${name} ${file}`);
}

describe('loadManifests() finds applications', () => {
  it('by the names of their files, anywhere below the followed path', () => {
    const loaded = loadFiles(
      {
        'apps/Shop_1/compose.yaml': image,
        'apps/blog/docker-compose.yml': image,
        'apps/tools/db.compose.yaml': image,
        'apps/tools/mail.compose.yml': image,
        'apps/named/compose.yml': `name: other\n${image}`,
        'apps/.hidden/compose.yaml': image,
        'apps/readme.yaml': 'a: [',
        'elsewhere/compose.yaml': image,
      },
      { root: 'apps' },
    );

    expect(problems(loaded)).toEqual([]);
    expect(names(loaded)).toEqual([
      'blog apps/blog/docker-compose.yml',
      'db apps/tools/db.compose.yaml',
      'mail apps/tools/mail.compose.yml',
      'other apps/named/compose.yml',
      'shop_1 apps/Shop_1/compose.yaml',
    ]);
  });

  it('prefers one of several in a folder, as Compose does, and says so', () => {
    const loaded = loadFiles({ 'shop/docker-compose.yml': 'a: [', 'shop/compose.yaml': image });

    expect(names(loaded)).toEqual(['shop shop/compose.yaml']);
    expect(problems(loaded)).toEqual([
      'shop/docker-compose.yml:1:1 unused-manifest: "docker-compose.yml" is not read, because "compose.yaml" stands in the same folder',
    ]);
  });

  it('merges documents and the override over the manifest', () => {
    const loaded = loadFiles({
      'shop/compose.yaml': `${image}---\nservices:\n  web: { user: "1" }\n`,
      'shop/compose.override.yaml': 'services:\n  web: { image: redis, user: !reset }\n',
    });

    expect(problems(loaded)).toEqual([]);
    expect(loaded.applications[0]?.services[0]?.container).toMatchObject({
      image: 'redis',
      user: null,
    });
  });

  it('needs a name at the root of the repository', () => {
    expect(problems(loadFiles({ 'compose.yaml': image }))).toEqual([
      'compose.yaml:1:1 missing-name: Cannot name the application of "compose.yaml": neither its folder nor its file gives it a name',
    ]);
    expect(names(loadFiles({ 'compose.yaml': `name: shop\n${image}` }))).toEqual([
      'shop compose.yaml',
    ]);
  });

  it('refuses two applications with one name, and names both places', () => {
    const loaded = loadFiles({
      'a/compose.yaml': `name: shop\n${image}`,
      'shop/compose.yaml': image,
      'z/compose.yaml': image,
    });

    expect(problems(loaded)).toEqual([
      'a/compose.yaml:1:7 duplicate-application: several applications are named "shop"; also shop/compose.yaml:1:1',
      'shop/compose.yaml:1:1 duplicate-application: several applications are named "shop"; also a/compose.yaml:1:7',
    ]);
    expect(names(loaded)).toEqual(['z z/compose.yaml']);
    expect(loaded.found).toEqual(['shop', 'z']);
  });

  it('loads only the manifests it is told', () => {
    const files = { 'a/compose.yaml': image, 'b/stack.yml': image };

    expect(names(loadFiles(files, { only: ['b/stack.yml'] }))).toEqual(['b b/stack.yml']);
  });
});

describe('loadManifests() replaces variables', () => {
  it('of the fleet, overridden by .env, and never of the environment', () => {
    const loaded = loadFiles({
      'fleet.yaml': `${fleet}variables: { TAG: 1, PATH_OF_FLEET: /x }\n`,
      'shop/.env': 'TAG=${PATH_OF_FLEET}-2\n',
      'shop/compose.yaml':
        'name: shop-${TAG_NAME:-x}\nservices:\n  web:\n    image: nginx\n    command: ["$TAG", "$COMPOSE_PROJECT_NAME", "${HOME:-no home}"]\n',
    });

    expect(problems(loaded)).toEqual([]);
    expect(loaded.applications[0]?.services[0]?.container.command).toEqual([
      '/x-2',
      'shop-x',
      'no home',
    ]);
  });

  it('says what is missing once per place', () => {
    const loaded = loadFiles({
      'shop/compose.yaml':
        'x-a: &a { image: "nginx:$TAGG" }\nservices:\n  b: { <<: *a }\n  c: { <<: *a }\n',
      'shop/.env': 'TAG=1\nCOMPOSE_FILE=a.yaml\n',
    });

    expect(problems(loaded)).toEqual([
      'shop/.env:2:1 ignored-variable: "COMPOSE_FILE" has no effect: manifests are found by their names',
      'shop/compose.yaml:1:18 undefined-variable: Cannot interpolate "x-a.image": the variable "TAGG" is not set (did you mean "TAG"?)',
    ]);
  });
});

describe('loadManifests() refuses what it must not or cannot read', () => {
  const bomb = Array.from({ length: 12 }, (_, level) => {
    const value = level === 0 ? 'x' : `*a${level - 1}`;
    return `x-${level}: &a${level} [${Array(9).fill(value).join(', ')}]\n`;
  }).join('');

  it.each<{ name: string; files: Files; expected: string }>([
    {
      name: 'broken YAML',
      files: { 'shop/compose.yaml': 'services:\n  web: [\n' },
      expected: 'shop/compose.yaml:3:1 yaml-syntax',
    },
    {
      name: 'an empty manifest',
      files: { 'shop/compose.yaml': '# later\n' },
      expected: 'shop/compose.yaml:1:1 empty-manifest: the manifest is empty',
    },
    {
      name: 'a manifest of 5 MiB',
      files: { 'shop/compose.yaml': `${image}#${'x'.repeat(5 * 1024 ** 2)}` },
      expected:
        'shop/compose.yaml:1:1 too-large: Cannot read manifest "shop/compose.yaml": it is larger than 1024 KiB',
    },
    {
      name: 'an alias bomb',
      files: { 'shop/compose.yaml': `${bomb}${image}` },
      expected: 'shop/compose.yaml:6:11 alias-bomb',
    },
    {
      name: 'a manifest that is a symbolic link',
      files: { 'shop/compose.yaml': { link: 'symlink' } },
      expected:
        'shop/compose.yaml:1:1 symlink: Cannot read manifest "shop/compose.yaml": "shop/compose.yaml" is a symbolic link, and links are not followed',
    },
    {
      name: 'a file below a symbolic link',
      files: {
        'shop/compose.yaml': `${image}    env_file: conf/a.env\n`,
        'shop/conf': { link: 'symlink' },
      },
      expected:
        'shop/compose.yaml:4:15 symlink: Cannot read env_file "shop/conf/a.env": "shop/conf" is a symbolic link, and links are not followed',
    },
    {
      name: 'a file in a submodule',
      files: {
        'shop/compose.yaml': `${image}    env_file: conf/a.env\n`,
        'shop/conf': { link: 'submodule' },
      },
      expected:
        'shop/compose.yaml:4:15 submodule: Cannot read env_file "shop/conf/a.env": "shop/conf" is a Git submodule that is not followed',
    },
    {
      name: 'a path out of the repository',
      files: { 'shop/compose.yaml': `${image}    env_file: [../../etc/passwd]\n` },
      expected:
        'shop/compose.yaml:4:16 path-outside-repository: Cannot read env_file "../../etc/passwd": it lies outside the repository',
    },
    {
      name: 'an absolute path',
      files: {
        'shop/compose.yaml': `${image}    configs: [a]\nconfigs: { a: { file: /etc/passwd } }\n`,
      },
      expected:
        'shop/compose.yaml:5:23 path-outside-repository: Cannot read config "/etc/passwd": it lies outside the repository',
    },
    {
      name: 'a file that is not there',
      files: { 'shop/compose.yaml': `${image}    env_file: wbe.env\n`, 'shop/web.env': '' },
      expected:
        'shop/compose.yaml:4:15 file-not-found: Cannot read env_file "shop/wbe.env": there is no such file in the commit (did you mean "web.env"?)',
    },
  ])('$name', ({ files, expected }) => {
    const loaded = loadFiles(files);
    const errors = loaded.diagnostics.filter(({ severity }) => severity === 'error');

    expect(errors.map(formatProblem)).toEqual([expect.stringContaining(expected)]);
    expect(loaded.applications).toEqual([]);
    expect(loaded.found).toEqual(['shop']);
  });

  it('accepts 10,000 keys in one mapping', () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `      K${index}: v\n`).join('');
    const loaded = loadFiles({ 'shop/compose.yaml': `${image}    environment:\n${keys}` });

    expect(problems(loaded)).toEqual([]);
    expect(
      Object.keys(loaded.applications[0]?.services[0]?.container.environment ?? {}),
    ).toHaveLength(10_000);
  });
});

describe('loadManifests() reports', () => {
  const files = {
    'b/compose.yaml':
      'services:\n  web: { imag: nginx, image: x }\n  db: { image: x, restart: so }\n',
    'a/compose.yaml': 'services:\n  web: { image: x, prots: [] }\n',
    'c/compose.yaml': image,
  };

  it('all problems at once, sorted, and still gives the valid applications', () => {
    const loaded = loadFiles(files);

    expect(loaded.diagnostics.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'a/compose.yaml:2',
      'b/compose.yaml:2',
      'b/compose.yaml:3',
    ]);
    expect(names(loaded)).toEqual(['c c/compose.yaml']);
  });

  it('the same, in whatever order the files come', () => {
    const reversed = Object.fromEntries(Object.entries(files).toReversed());

    expect(loadFiles(reversed)).toEqual(loadFiles(files));
  });
});

/** The paths that are asked for when a repository is loaded with a cache; the result must not depend on it. */
function loadAgain(cache: Map<string, CacheEntry>, changed: Files): readonly string[] {
  const asked: string[] = [];
  const loaded = loadFiles(changed, { cache, onRead: (path) => asked.push(path) });
  expect(loaded).toEqual(loadFiles(changed));
  return asked;
}

describe('loadManifests() reads and keeps as little as it can', () => {
  const files = {
    'fleet.yaml': fleet,
    'a/compose.yaml': `${image}    env_file: a.env\n`,
    'a/a.env': 'A=1\n',
    'b/compose.yaml': image,
  };

  it.each<{ name: string; change: Files; expected: readonly string[] }>([
    { name: 'nothing', change: {}, expected: [] },
    {
      name: 'a manifest',
      change: { 'b/compose.yaml': `${image}    user: "1"\n` },
      expected: ['b/compose.yaml'],
    },
    {
      name: 'an env file',
      change: { 'a/a.env': 'A=2\n' },
      expected: ['a/compose.yaml', 'a/a.env'],
    },
    { name: 'a new .env', change: { 'b/.env': 'X=1\n' }, expected: ['b/.env', 'b/compose.yaml'] },
    {
      name: 'a new override',
      change: { 'b/compose.override.yaml': 'services: { web: { user: "1" } }' },
      expected: ['b/compose.override.yaml', 'b/compose.yaml'],
    },
    {
      name: 'the hosts of the fleet',
      change: { 'fleet.yaml': fleet.replace('name: a', 'name: c') },
      expected: ['fleet.yaml'],
    },
    {
      name: 'the variables of the fleet',
      change: { 'fleet.yaml': `${fleet}variables: { X: "1" }\n` },
      expected: ['fleet.yaml', 'a/compose.yaml', 'b/compose.yaml', 'a/a.env'],
    },
  ])('after a change of $name', ({ change, expected }) => {
    const cache = new Map<string, CacheEntry>();
    loadFiles(files, { cache });

    expect(loadAgain(cache, { ...files, ...change })).toEqual(expected);
  });
});

/** A fleet of one host. */
function host(text: string): string {
  return `name: prod\nhosts:\n  - ${text}\n`;
}

describe('loadManifests() reads fleet.yaml', () => {
  it('with defaults, sorted by host', () => {
    const loaded = loadFiles({
      'fleet.yaml': `name: prod
hosts:
  - { name: b, endpoint: "tcp://10.0.0.2", labels: { zone: a, rack: 1 } }
  - { name: a, endpoint: "unix:///run/docker.sock" }
  - { name: c, endpoint: "tcp://[fd00::1]:1234", address: c.example.com }
  - { name: d, endpoint: "ssh://10.0.0.4" }
  - { name: e, endpoint: "ssh://ops@e.example.com:2222/run/user/1000/docker.sock" }
variables: { TAG: 1.5 }
`,
    });

    expect(problems(loaded)).toEqual([]);
    expect(loaded.fleet).toMatchObject({
      name: 'prod',
      variables: { TAG: '1.5' },
      prune: { approved: [] },
      rollback: { writeBack: 'off' },
      hosts: [
        {
          name: 'a',
          endpoint: { kind: 'unix', path: '/run/docker.sock' },
          address: '127.0.0.1',
          labels: {},
        },
        {
          name: 'b',
          endpoint: { kind: 'tcp', host: '10.0.0.2', port: 2376, tls: true },
          address: '10.0.0.2',
          labels: { zone: 'a', rack: '1' },
        },
        {
          name: 'c',
          endpoint: { kind: 'tcp', host: 'fd00::1', port: 1234, tls: true },
          address: 'c.example.com',
        },
        {
          name: 'd',
          endpoint: {
            kind: 'ssh',
            user: 'root',
            host: '10.0.0.4',
            port: 22,
            path: '/var/run/docker.sock',
          },
          address: '10.0.0.4',
        },
        {
          name: 'e',
          endpoint: {
            kind: 'ssh',
            user: 'ops',
            host: 'e.example.com',
            port: 2222,
            path: '/run/user/1000/docker.sock',
          },
          address: 'e.example.com',
        },
      ],
    });
    expect(originAt(loaded.fleet?.hosts[1]?.origins ?? noOrigins, 'labels.zone')).toEqual({
      file: 'fleet.yaml',
      line: 3,
      column: 60,
    });
  });

  it('only when it must, from the followed path', () => {
    const required = loadFiles(
      { 'apps/shop/compose.yaml': image },
      { root: 'apps', fleetRequired: true },
    );

    expect(problems(required)).toEqual([
      'apps/fleet.yaml:1:1 missing-fleet: Cannot deploy: there is no "apps/fleet.yaml" in the commit',
    ]);
    expect(problems(loadFiles({ 'shop/compose.yaml': image }))).toEqual([]);
  });

  it.each([
    {
      name: 'two hosts of one name',
      text: `${fleet}  - { name: A, endpoint: "tcp://b" }\n`,
      expected: '4:13 duplicate-host: two hosts are named "A"; the other stands at fleet.yaml:3:13',
    },
    {
      name: 'one engine twice',
      text: `${fleet}  - { name: b, endpoint: "unix:///var/run/docker.sock" }\n`,
      expected:
        '4:26 duplicate-endpoint: two hosts have the same endpoint; the other stands at fleet.yaml:3:26',
    },
    {
      name: 'ssh with a password',
      text: host('{ name: a, endpoint: "ssh://me:secret@a" }'),
      expected:
        '3:26 invalid-value: an endpoint must not hold a password: ssh takes a key from the folder of credentials',
    },
    {
      name: 'ssh without a host',
      text: host('{ name: a, endpoint: "ssh://me@:22" }'),
      expected:
        '3:26 invalid-value: the endpoint is not valid: expected ssh://user@host:port, with the path of the socket of the engine when that is not /var/run/docker.sock',
    },
    {
      name: 'a password, which is not repeated',
      text: host('{ name: a, endpoint: "tcp://me:secret@a" }'),
      expected: '3:26 invalid-value: an endpoint must not hold a user or a password',
    },
    {
      name: 'a name with a slash',
      text: host('{ name: a/b, endpoint: "tcp://a" }'),
      expected:
        '3:13 invalid-value: "name" must be 1 to 63 letters, digits, ".", "_" or "-", starting with a letter or digit, got "a/b"',
    },
    {
      name: 'an unknown key',
      text: host('{ name: a, endpoint: "tcp://a", lables: {} }'),
      expected: '3:37 unknown-key: unknown key "lables" (did you mean "labels"?)',
    },
    {
      name: 'no hosts',
      text: 'name: prod\nhosts: []\n',
      expected: '2:8 invalid-value: "hosts" must not be empty',
    },
    { name: 'an empty file', text: '', expected: '1:1 empty-manifest: "fleet.yaml" is empty' },
  ])('and refuses $name', ({ text, expected }) => {
    const loaded = loadFiles({ 'fleet.yaml': text }, { fleetRequired: true });

    expect(problems(loaded)).toEqual([`fleet.yaml:${expected}`]);
    expect(loaded.fleet).toBeNull();
  });
});
