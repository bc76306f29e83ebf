import { describe, expect, it } from 'vitest';

import type { ContainerSpec } from '../../../src/model/container.ts';
import { noOrigins, originAt } from '../../../src/model/origin.ts';
import { formatProblem, loadApplication, loadFiles, type Files } from '../../support/load-files.ts';

function containersOf(manifest: string, others: Files = {}): Record<string, ContainerSpec> {
  const { services } = loadApplication(manifest, others);
  return Object.fromEntries(services.map(({ name, container }) => [name, container]));
}

function problems(files: Files): readonly string[] {
  return loadFiles(files, { only: ['shop/compose.yaml'] }).diagnostics.map(formatProblem);
}

describe('extends', () => {
  it('merges a service over another one of the same file, and that one over a third', () => {
    const { web } = containersOf(`
services:
  web: { extends: base, command: [b], environment: { B: 2 } }
  base: { extends: { service: root }, image: y, environment: { A: 1 }, command: [a] }
  root: { image: x, user: "1", ports: ["80"] }
`);

    expect(web).toMatchObject({ image: 'y', command: ['b'], user: '1' });
    expect(web?.environment).toEqual({ A: '1', B: '2' });
    expect(web?.ports.map(({ target }) => target)).toEqual([80]);
  });

  it('takes services from other files, whose paths are their own', () => {
    const { web } = containersOf(
      'services: { web: { extends: { file: ../lib/base.yaml, service: web }, env_file: [own.env] } }',
      {
        'lib/base.yaml':
          'services: { web: { extends: { file: deep/base.yaml, service: b }, env_file: base.env } }',
        'lib/base.env': 'A=base\nB=base\n',
        'lib/deep/base.yaml': 'services: { b: { image: x, env_file: [{ path: ./deep.env }] } }',
        'lib/deep/deep.env': 'A=deep\nC=deep\n',
        'shop/own.env': 'B=own\n',
      },
    );

    expect(web?.image).toBe('x');
    expect(web?.environment).toEqual({ A: 'base', B: 'own', C: 'deep' });
  });

  it('names all files that were read, and the places where values stand', () => {
    const application = loadApplication(
      'services: { web: { extends: { file: ../lib.yaml, service: web } } }',
      { 'lib.yaml': 'services:\n  web:\n    image: x\n    user: "1"\n' },
    );

    expect(application.files).toEqual(['lib.yaml', 'shop/compose.yaml']);
    expect(originAt(application.services[0]?.origins ?? noOrigins, 'user')).toEqual({
      file: 'lib.yaml',
      line: 4,
      column: 11,
    });
  });

  it('interpolates the other file with the variables of the application, and only what is used', () => {
    const { web } = containersOf(
      'services: { web: { extends: { file: ../lib.yaml, service: web } } }',
      {
        'lib.yaml': 'services: { web: { image: "x:${TAG}" }, other: { image: "${NOWHERE}" } }',
        'shop/.env': 'TAG=1\n',
        '.env': 'TAG=2\n',
      },
    );

    expect(web?.image).toBe('x:1');
  });

  it('lets each service reset and override what it extends, for itself', () => {
    const containers = containersOf(`
services:
  a: { extends: b, command: !reset null, cap_add: !override [SYS_TIME] }
  b: { extends: c, cap_add: [NET_ADMIN], user: !reset null }
  c: { image: x, command: [run], cap_add: [CHOWN], user: "1" }
`);

    expect(containers['a']).toMatchObject({ command: null, capAdd: ['CAP_SYS_TIME'], user: null });
    expect(containers['b']).toMatchObject({
      command: ['run'],
      capAdd: ['CAP_CHOWN', 'CAP_NET_ADMIN'],
      user: null,
    });
    expect(containers['c']).toMatchObject({ user: '1' });
  });

  it('lets the tags of an override that extends hold for the manifest, too', () => {
    const { web } = containersOf(
      'services: { web: { image: x, ports: ["1"], expose: ["2"] }, base: { image: y, user: "1" } }',
      {
        'shop/compose.override.yaml': `
services:
  web: { extends: tool, ports: !reset null, expose: !override ["4"] }
  tool: { image: z, ports: ["3"], expose: ["3"] }
`,
      },
    );

    expect(web).toMatchObject({ image: 'z', ports: [], expose: ['4/tcp'] });
  });

  it('merges the documents of the other file first', () => {
    const { web } = containersOf(
      'services: { web: { extends: { file: ../lib.yaml, service: web } } }',
      {
        'lib.yaml':
          'services: { web: { image: x, user: "1" } }\n---\nservices: { web: { image: y } }\n',
      },
    );

    expect(web).toMatchObject({ image: 'y', user: '1' });
  });

  it.each([
    {
      name: 'a cycle',
      manifest: 'services: { a: { extends: b }, b: { extends: a } }',
      problem:
        'shop/compose.yaml:1:27 extends-cycle: Cannot extend service "b": services extend each other: a (shop/compose.yaml) → b (shop/compose.yaml) → a (shop/compose.yaml)',
    },
    {
      name: 'a cycle through a file',
      manifest: 'services: { a: { extends: { file: ../lib.yaml, service: b } } }',
      problem:
        'shop/compose.yaml:1:57 extends-cycle: Cannot extend service "b": services extend each other: a (shop/compose.yaml) → b (lib.yaml) → a (shop/compose.yaml)',
    },
    {
      name: 'a service that extends itself',
      manifest: 'services: { a: { image: x, extends: a } }',
      problem:
        'shop/compose.yaml:1:37 extends-cycle: Cannot extend service "a": services extend each other: a (shop/compose.yaml) → a (shop/compose.yaml)',
    },
    {
      name: 'a service that is not there',
      manifest: 'services: { web: { extends: bas }, base: { image: x } }',
      problem:
        'shop/compose.yaml:1:29 undefined-service: Cannot extend service "bas": "shop/compose.yaml" has no service "bas" (did you mean "base"?)',
    },
    {
      name: 'a service that is not in the other file',
      manifest: 'services: { web: { extends: { file: ../lib.yaml, service: c } } }',
      problem:
        'shop/compose.yaml:1:59 undefined-service: Cannot extend service "c": "lib.yaml" has no service "c" (did you mean "b"?)',
    },
    {
      name: 'a file that is not there',
      manifest: 'services: { web: { extends: { file: ../lob.yaml, service: c } } }',
      problem:
        'shop/compose.yaml:1:37 file-not-found: Cannot read extended file "lob.yaml": there is no such file in the commit (did you mean "lib.yaml"?)',
    },
    {
      name: 'a file outside the repository',
      manifest: 'services: { web: { extends: { file: ../../lib.yaml, service: c } } }',
      problem:
        'shop/compose.yaml:1:37 path-outside-repository: Cannot read extended file "../../lib.yaml": it lies outside the repository',
    },
    {
      name: 'an empty file',
      manifest: 'services: { web: { extends: { file: ../empty.yaml, service: c } } }',
      problem:
        'shop/compose.yaml:1:61 empty-manifest: Cannot extend service "c": "empty.yaml" is empty',
    },
    {
      name: 'a file that is no YAML',
      manifest: 'services: { web: { extends: { file: ../broken.yaml, service: c } } }',
      problem: 'broken.yaml:1:2 yaml-syntax: Cannot parse YAML: Flow sequence must end with a ]',
    },
    {
      name: 'no service named',
      manifest: 'services: { web: { image: x, extends: { file: ../lib.yaml } } }',
      problem: 'shop/compose.yaml:1:30 missing-key: "extends" must have the key "service"',
    },
    {
      name: 'another key',
      manifest: 'services: { web: { image: x, extends: { service: a, fil: b } } }',
      problem: 'shop/compose.yaml:1:53 unknown-key: unknown key "fil" (did you mean "file"?)',
    },
    {
      name: 'another type',
      manifest: 'services: { web: { image: x, extends: [a] } }',
      problem: 'shop/compose.yaml:1:39 wrong-type: "extends" must be string or mapping, got array',
    },
  ])('says what is wrong: $name', ({ manifest, problem }) => {
    const files = {
      'shop/compose.yaml': manifest,
      'lib.yaml': 'services: { b: { extends: { file: shop/compose.yaml, service: a } } }',
      'empty.yaml': '# nothing\n',
      'broken.yaml': '[',
    };

    expect(problems(files)).toEqual([problem]);
  });

  it('gives up on a chain that is too long, and on a file that grows too large', () => {
    const chain = Array.from({ length: 80 }, (_, index) => `s${index}: { extends: s${index + 1} }`);
    const large = Array.from({ length: 1000 }, (_, index) => `V${index}: 1`).join(', ');
    const many = Array.from({ length: 300 }, (_, index) => `s${index}: { extends: base }`);

    expect(problems({ 'shop/compose.yaml': `services: { ${chain.join(', ')} }` })).toContainEqual(
      expect.stringContaining('too-deep: Cannot extend service "s65"'),
    );
    expect(
      problems({
        'shop/compose.yaml': `services: { base: { image: x, environment: { ${large} } }, ${many.join(', ')} }`,
      }),
    ).toEqual([
      expect.stringContaining(
        'too-many-values: Cannot extend service "base": the application is too large with what its services extend',
      ),
    ]);
  });
});
