import { describe, expect, it } from 'vitest';

import { formatProblem, loadApplication, loadFiles, type Files } from '../../support/load-files.ts';
import { noOrigins, originAt } from '../../../src/model/origin.ts';

function load(manifest: string, others: Files = {}): ReturnType<typeof loadFiles> {
  return loadFiles({ 'shop/compose.yaml': manifest, ...others });
}

function problems(manifest: string, others: Files = {}): readonly string[] {
  return load(manifest, others).diagnostics.map(formatProblem);
}

/** Images by service. */
function images(manifest: string, others: Files = {}): Readonly<Record<string, string>> {
  const { services } = loadApplication(manifest, others);
  return Object.fromEntries(services.map(({ name, container }) => [name, container.image]));
}

describe('include', () => {
  it('adds what other files declare, in the short and the long form', () => {
    const application = loadApplication(
      'include: [db.yaml, { path: ../lib/cache.yaml }]\nservices: { web: { image: x, depends_on: [db, cache] } }',
      {
        'shop/db.yaml':
          'services: { db: { image: y, volumes: ["data:/d"], networks: [back] } }\nvolumes: { data: }\nnetworks: { back: }\n',
        'lib/cache.yaml':
          'services: { cache: { image: z, configs: [c] } }\nconfigs: { c: { file: c.conf } }\n',
        'lib/c.conf': 'cached',
      },
    );

    expect(application.services.map(({ name }) => name)).toEqual(['cache', 'db', 'web']);
    expect(application.volumes.map(({ name }) => name)).toEqual(['shop_data']);
    expect(application.networks.map(({ name }) => name)).toEqual(['shop_back', 'shop_default']);
    expect(application.files).toEqual([
      'lib/c.conf',
      'lib/cache.yaml',
      'shop/compose.yaml',
      'shop/db.yaml',
    ]);
    expect(originAt(application.services[1]?.origins ?? noOrigins, 'image')).toEqual({
      file: 'shop/db.yaml',
      line: 1,
      column: 26,
    });
  });

  it('lets the including file win, and the later of several paths', () => {
    const others = {
      'shop/a.yaml': 'services: { web: { image: a, user: "1" }, db: { image: a } }',
      'shop/b.yaml': 'services: { web: { image: b, working_dir: /b } }',
    };
    const { services } = loadApplication(
      'include: [{ path: [a.yaml, b.yaml] }]\nservices: { web: { image: own } }',
      others,
    );

    expect(services[1]?.container).toMatchObject({ image: 'own', user: '1', workingDir: '/b' });
    expect(images('include: [{ path: [a.yaml, b.yaml] }]', others)).toEqual({ web: 'b', db: 'a' });
  });

  it('lets an override change what the manifest includes', () => {
    const found = images('include: [a.yaml]', {
      'shop/a.yaml': 'services: { web: { image: a } }',
      'shop/compose.override.yaml': 'services: { web: { image: b } }',
    });

    expect(found).toEqual({ web: 'b' });
  });

  it('lets the tags of an override that includes hold for the manifest, too', () => {
    const { services } = loadApplication(
      'services: { web: { image: x, ports: ["1"], expose: ["2"] } }',
      {
        'shop/compose.override.yaml':
          'include: [a.yaml]\nservices: { web: { ports: !reset null, expose: !override ["4"] } }',
        'shop/a.yaml': 'services: { web: { image: a, ports: ["3"], expose: ["3"] } }',
      },
    );

    expect(services[0]?.container).toMatchObject({ image: 'a', ports: [], expose: ['4/tcp'] });
  });

  it('lets a service extend an included one', () => {
    const found = images('include: [a.yaml]\nservices: { web: { extends: base } }', {
      'shop/a.yaml': 'services: { base: { image: a } }',
    });

    expect(found).toEqual({ base: 'a', web: 'a' });
  });

  it('reads the variables of the included folder below its own', () => {
    const others = {
      'shop/.env': 'A=own\n',
      'lib/.env': 'A=lib\nB=lib-$A\n',
      'lib/a.yaml': 'services: { a: { image: "$A/$B" } }',
      'shop/b.env': 'B=b\n',
      'shop/c.env': 'C=c-$B\n',
      'lib/c.yaml': 'services: { a: { image: "$A/$B/$C" } }',
    };

    expect(images('include: [../lib/a.yaml]', others)).toEqual({ a: 'own/lib-own' });
    expect(images('include: [{ path: ../lib/c.yaml, env_file: [b.env, c.env] }]', others)).toEqual({
      a: 'own/b/c-b',
    });
    expect(problems('include: [{ path: ../lib/a.yaml, env_file: /dev/null }]', others)).toEqual([
      expect.stringContaining('the variable "B" is not set'),
    ]);
  });

  it('starts relative paths in the project directory', () => {
    const include = '{ path: ../lib/a.yaml, project_directory: .. }';
    const manifest = `include: [${include}]\nservices: { web: { image: x } }`;
    const application = loadApplication(manifest, {
      'lib/a.yaml':
        'include: [lib/deep/b.yaml]\nservices: { a: { extends: { file: lib/base.yaml, service: a }, env_file: a.env } }',
      'lib/base.yaml': 'services: { a: { image: x } }',
      'a.env': 'A=1',
      'lib/deep/b.yaml': 'services: { b: { image: y, env_file: [b.env] } }',
      'lib/deep/b.env': 'B=1',
    });

    expect(application.services.map(({ container }) => container.environment)).toEqual([
      { A: '1' },
      { B: '1' },
      {},
    ]);
  });

  it('counts one definition that comes by two ways once', () => {
    const found = images('include: [a.yaml, b.yaml]', {
      'shop/a.yaml': 'include: [c.yaml]\nservices: { a: { image: a } }',
      'shop/b.yaml': 'include: [{ path: c.yaml, env_file: c.env }]\nservices: { b: { image: b } }',
      'shop/c.yaml': 'services: { c: { image: "c:${TAG:-1}", security_opt: [x] } }',
      'shop/c.env': 'TAG=2\n',
    });

    expect(found).toEqual({ a: 'a', b: 'b', c: 'c:1' });
  });

  it('refuses two definitions of one service, unless the including file decides', () => {
    const others = {
      'shop/a.yaml': 'services: { db: { image: a } }',
      'shop/b.yaml': 'services: { db: { image: b } }',
    };

    expect(problems('include: [a.yaml, b.yaml]', others)).toEqual([
      'shop/compose.yaml:1:19 include-conflict: Cannot include this: "services.db" is defined differently at shop/a.yaml:1:13 and at shop/b.yaml:1:13',
    ]);
    expect(
      images('include: [a.yaml, b.yaml]\nservices: { db: !override { image: c } }', others),
    ).toEqual({ db: 'c' });
  });

  it('makes the included manifest a part, and no application of its own', () => {
    const files = {
      'compose.yaml': 'name: all\ninclude: [a/compose.yaml, b/compose.yaml]',
      'a/compose.yaml': 'services: { a: { image: x, ports: ["80:80"] } }',
      'b/compose.yaml': 'include: [../c/compose.yaml]\nservices: { b: { image: x } }',
      'b/compose.override.yaml': 'services: { b: { image: y } }',
      'c/compose.yaml': 'name: c\nservices: { c: { image: x } }',
      'd/compose.yaml': 'services: { d: { image: x } }',
    };
    const loaded = loadFiles(files);

    expect(loaded.found).toEqual(['all', 'd']);
    expect(loaded.applications.map(({ name }) => name)).toEqual(['all', 'd']);
    expect(loaded.diagnostics.map(formatProblem)).toEqual([
      'b/compose.override.yaml:1:1 unused-manifest: "compose.override.yaml" is not read, because "b/compose.yaml" is a part of another application',
    ]);
  });

  it('keeps manifests that include each other, with what is wrong about it', () => {
    const loaded = loadFiles({
      'a/compose.yaml': 'include: [../b/compose.yaml]',
      'b/compose.yaml': 'include: [../a/compose.yaml]',
    });

    expect(loaded.found).toEqual(['a', 'b']);
    expect(loaded.diagnostics.map(({ code, file }) => [code, file])).toEqual([
      ['include-cycle', 'a/compose.yaml'],
      ['include-cycle', 'b/compose.yaml'],
    ]);
  });

  it('asks for each file once, and keeps what it has loaded as long as no file changes', () => {
    const cache = new Map();
    const asked: string[] = [];
    const files = {
      'shop/compose.yaml': 'include: [../lib/a.yaml]',
      'lib/a.yaml': 'services: { a: { extends: { file: b.yaml, service: b } } }',
      'lib/b.yaml': 'services: { b: { image: x } }',
    };
    const onRead = (path: string): void => void asked.push(path);

    loadFiles(files, { cache, onRead });
    loadFiles(files, { cache, onRead });
    expect(asked).toEqual(['shop/compose.yaml', 'lib/a.yaml', 'lib/b.yaml']);
    const { applications } = loadFiles(
      { ...files, 'lib/b.yaml': 'services: { b: { image: y } }' },
      { cache, onRead },
    );
    expect(applications[0]?.services[0]?.container.image).toBe('y');
    expect(asked.slice(3)).toEqual(['shop/compose.yaml', 'lib/b.yaml']);
  });

  it.each([
    {
      name: 'a file that includes itself',
      include: 'compose.yaml',
      problem:
        'shop/compose.yaml:1:11 include-cycle: Cannot include "shop/compose.yaml": files include each other: shop/compose.yaml → shop/compose.yaml',
    },
    {
      name: 'a cycle',
      include: 'cycle.yaml',
      problem:
        'shop/cycle.yaml:1:11 include-cycle: Cannot include "shop/compose.yaml": files include each other: shop/compose.yaml → shop/cycle.yaml → shop/compose.yaml',
    },
    {
      name: 'a file that is not there',
      include: 'non.yaml',
      problem:
        'shop/compose.yaml:1:11 file-not-found: Cannot read included file "shop/non.yaml": there is no such file in the commit',
    },
    {
      name: 'a file outside the repository',
      include: '../../a.yaml',
      problem:
        'shop/compose.yaml:1:11 path-outside-repository: Cannot read included file "../../a.yaml": it lies outside the repository',
    },
    {
      name: 'a project directory outside the repository',
      include: '{ path: a.yaml, project_directory: ../.. }',
      problem:
        'shop/compose.yaml:1:46 path-outside-repository: Cannot use "../.." as the project directory: it lies outside the repository',
    },
    {
      name: 'an env_file that is not there',
      include: '{ path: a.yaml, env_file: [no.env] }',
      problem:
        'shop/compose.yaml:1:38 file-not-found: Cannot read env_file "shop/no.env": there is no such file in the commit',
    },
    {
      name: 'no path',
      include: '{ env_file: a.env }',
      problem: 'shop/compose.yaml:1:11 missing-key: "include.0" must have the key "path"',
    },
    {
      name: 'another key',
      include: '{ path: a.yaml, envfile: a.env }',
      problem:
        'shop/compose.yaml:1:27 unknown-key: unknown key "envfile" (did you mean "env_file"?)',
    },
    {
      name: 'another type',
      include: '1',
      problem:
        'shop/compose.yaml:1:11 wrong-type: "include.0" must be string or mapping, got integer',
    },
    {
      name: 'a mistake in the included file',
      include: 'wrong.yaml',
      problem: 'shop/wrong.yaml:2:1 unknown-key: unknown key "service" (did you mean "services"?)',
    },
    {
      name: 'a file that is a list',
      include: 'list.yaml',
      problem:
        'shop/list.yaml:1:1 wrong-type: Cannot include "shop/list.yaml": it holds no mapping',
    },
    {
      name: 'a URL',
      include: 'oci://example.com/a:1',
      problem:
        'shop/compose.yaml:1:11 path-outside-repository: Cannot read included file "oci://example.com/a:1": it lies outside the repository',
    },
    {
      name: 'settings of an application',
      include: 'settings.yaml',
      problem:
        'shop/settings.yaml:1:1 ignored-value: "x-fleetwright" of an included file has no effect on the application that includes it',
    },
  ])('says what is wrong: $name', ({ include, problem }) => {
    const found = problems(`include: [${include}]\nservices: { web: { image: x } }`, {
      'shop/a.yaml': 'services: { a: { image: a } }',
      'shop/cycle.yaml': 'include: [compose.yaml]',
      'shop/list.yaml': '[services]',
      'shop/wrong.yaml': 'name: other\nservice: { b: { image: b } }',
      'shop/settings.yaml': 'x-fleetwright: { wave: 1 }\nservices: { a: { image: a } }',
    });

    expect(found).toEqual([problem]);
  });

  it('gives up when too many files include each other in a row', () => {
    const files = Object.fromEntries(
      Array.from({ length: 120 }, (_, index) => [
        `shop/${index}.yaml`,
        `include: [${index + 1}.yaml]`,
      ]),
    );

    expect(problems('include: [0.yaml]', files)).toEqual([
      'shop/99.yaml:1:11 too-deep: Cannot include this: more than 100 files include each other in a row',
    ]);
  });

  it('gives up when files include ever more', () => {
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `shop/${index}.yaml`,
        `include: [${index + 1}.yaml, { path: ${index + 1}.yaml }]`,
      ]),
    );

    expect(problems('include: [0.yaml]', { ...files, 'shop/30.yaml': 'services: {}' })).toEqual([
      expect.stringContaining('too-many-values: Cannot include this'),
    ]);
  });
});
