import { describe, expect, it } from 'vitest';

import { canonicalise } from '../../../src/manifest/canonical.ts';
import { cursorAt } from '../../../src/manifest/cursor.ts';
import { addImplicitDependencies } from '../../../src/manifest/implicit-dependencies.ts';
import { objectName } from '../../../src/manifest/resolve/object-name.ts';
import type { Diagnostic } from '../../../src/model/diagnostic.ts';
import { readVectors, vectorsPresent } from '../../support/compose-vectors.ts';
import { readFixtureTree } from '../../support/fixture-tree.ts';
import { formatProblem, loadFiles } from '../../support/load-files.ts';
import { plain, yaml } from '../../support/located-yaml.ts';

/** What is missing around a fixture, not in it: variables of a shell, and files that the set does not hold. */
const surroundings = ['undefined-variable', 'required-variable', 'file-not-found'];

/** Files that are wrong on purpose, or parts of something larger, with the codes that say so. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  'stack/loader/full-example.yml': [
    'undefined-service',
    'undefined-network',
    'undefined-volume',
    // `network_mode` beside `networks`, which Swarm takes no notice of.
    'conflicting-keys',
    // `node=foo`, which only Swarm itself refuses.
    'invalid-value',
    // A config of Swarm with nothing but a name.
    'missing-key',
    // Keys of Compose that Swarm does not read.
    'conflicting-keys',
  ],
  'compose-e2e/wrong-composefile/compose.yaml': ['unknown-key'],
  'compose-go/files/loader/testdata/compose-depends-on-cycle.yaml': ['dependency-cycle'],
  'compose-go/files/loader/testdata/compose-depends-on-self.yaml': ['dependency-cycle'],
  'compose-go/files/loader/testdata/compose-include-cycle.yaml': ['include-cycle'],
  'compose-go/files/loader/testdata/empty.yaml': ['empty-manifest'],
  'compose-e2e/_testdata/TestLocalComposeConfigNoConsistency/compose.yaml': ['missing-image'],
  'kompose/env/compose.yaml': ['duplicate-port'],
  'kompose/etherpad/docker-compose-no-image.yml': ['missing-image'],
  'kompose/unused/merge-multiple-compose/compose-new-service-prob.yml': ['missing-image'],
  'kompose/unused/merge-multiple-compose/compose-port-prod.yml': ['missing-image'],
  'kompose/unused/v3/docker-compose-deploy.yaml': ['undefined-service', 'conflicting-keys'],
  'kompose/volume-mounts/named-volume/docker-compose-v3.yml': ['undefined-volume'],
};

function errorsOf(problems: readonly Diagnostic[]): readonly Diagnostic[] {
  return problems.filter(({ severity }) => severity === 'error');
}

/** Without a top-level `services:` a file follows the first version of the format, which nobody reads any more. */
function isFirstVersion(bytes: Uint8Array): boolean {
  return !/^["']?(?:services|include)["']?:/m.test(new TextDecoder().decode(bytes));
}

describe.skipIf(!vectorsPresent)('real Compose files', () => {
  it.each(['awesome-compose', 'stack', 'compose-e2e', 'compose-go/files', 'kompose'])(
    '%s: load, or are refused only for what is not supported',
    (set) => {
      const files = readFixtureTree(set);
      const manifests = Object.keys(files).filter((path) => /\.ya?ml$/.test(path));
      const wrong = manifests.flatMap((path) => {
        const allowed = [...surroundings, ...(exceptions[`${set}/${path}`] ?? [])];
        return errorsOf(loadFiles(files, { only: [path] }).diagnostics).filter(
          ({ code }) =>
            !code.startsWith('unsupported-') &&
            !allowed.includes(code) &&
            !(code === 'unknown-key' && isFirstVersion(files[path] ?? new Uint8Array())),
        );
      });

      expect(manifests.length).toBeGreaterThan(1);
      expect(wrong.map(formatProblem)).toEqual([]);
    },
  );

  it('of the first version are refused', () => {
    const files = readFixtureTree('kompose');
    const old = Object.keys(files).filter(
      (path) => /\.ya?ml$/.test(path) && isFirstVersion(files[path] ?? new Uint8Array()),
    );

    expect(old.length).toBeGreaterThan(0);
    for (const path of old) expect(loadFiles(files, { only: [path] }).applications).toEqual([]);
  });
});

interface Verdict {
  readonly name: string;
  readonly yaml: string;
  readonly expect: 'ok' | 'error';
}

describe.skipIf(!vectorsPresent)('documents of the reference implementation', () => {
  const verdicts = readVectors<readonly Verdict[]>('compose-go/valid-invalid.json', []);

  it('that it refuses are refused', () => {
    const accepted = verdicts
      .filter((verdict) => verdict.expect === 'error')
      .filter(({ yaml }) => errorsOf(loadOne(yaml)).length === 0);

    expect(accepted).toEqual([]);
  });

  it('that it accepts have a shape that is known', () => {
    const codes = ['yaml-syntax', 'wrong-type', 'unknown-key', 'invalid-value', 'conflicting-keys'];
    const refused = verdicts
      .filter((verdict) => verdict.expect === 'ok')
      .flatMap(({ yaml }) => errorsOf(loadOne(yaml)))
      .filter(({ code }) => codes.includes(code));

    expect(refused.map(formatProblem)).toEqual([]);
  });
});

interface LoaderTest {
  readonly name: string;
  /** Documents of one test; they may be files of one project or cases on their own. */
  readonly docs: readonly string[];
  readonly asserts: readonly { readonly kind: string }[];
}

describe.skipIf(!vectorsPresent)('documents of the loader of the reference implementation', () => {
  const tests = readVectors<readonly LoaderTest[]>('compose-go/loader-inline.json', []);
  const around = readFixtureTree('compose-go/files');
  const expectsError = ({ asserts }: LoaderTest): boolean =>
    asserts.some(({ kind }) => kind === 'Error' || kind === 'ErrorContains');
  /** What only the whole of a test's files and options says, or what is asked of Linux hosts. */
  const context = ['missing-image', 'undefined-service', 'undefined-network', 'undefined-volume'];
  const exceptions = ['TestLoadTmpfsVolume', 'TestLoadBindMountSourceIsWindowsAbsolute'];
  /** What the reference implementation lets through, and the engine or the Compose Specification refuses. */
  const refusedByOthers = [
    '"memswap_limit" needs a limit of memory',
    '"cgroup" must be host or private',
    'secret "test" cannot have both "file" and "content"',
  ];

  function load(yaml: string): readonly Diagnostic[] {
    const path = 'loader/test.yaml';
    return loadFiles({ ...around, [path]: yaml }, { only: [path] }).diagnostics;
  }

  it('that it refuses are refused', () => {
    // Documents of a test with several may each be fine, and its options make the difference in the last.
    const wrong = tests.filter(
      (each) => each.docs.length === 1 && !each.name.endsWith(':TestLoadProjectName'),
    );
    const accepted = wrong
      .filter(expectsError)
      .filter(({ docs }) => docs.every((yaml) => errorsOf(load(yaml)).length === 0));

    expect(accepted.map(({ name }) => name)).toEqual([]);
  });

  it('that it accepts are accepted, or refused only for what is not supported', () => {
    const refused = tests
      .filter((each) => !expectsError(each))
      .filter(({ name }) => !exceptions.some((exception) => name.endsWith(`:${exception}`)))
      .flatMap(({ docs }) => docs.map((yaml) => yaml.replace('myProject', 'my-project')))
      .flatMap((yaml) => errorsOf(load(yaml)))
      .filter(
        ({ code }) =>
          !code.startsWith('unsupported-') && ![...surroundings, ...context].includes(code),
      )
      .filter(({ message }) => !refusedByOthers.some((text) => message.startsWith(text)));

    expect(refused.map(formatProblem)).toEqual([]);
  });
});

interface GoldenPort {
  readonly target: number;
  /** A text here, a number there. */
  readonly published?: number | string;
  readonly protocol: string;
}

function portOf({ target, published, protocol }: GoldenPort): string {
  return `${published ?? ''}:${target}/${protocol}`;
}

describe.skipIf(!vectorsPresent)('the long form that docker stack gives', () => {
  it('to ports is ours, but for the address, which a swarm does not know', () => {
    const files = readFixtureTree('stack');
    const text = (path: string): string => new TextDecoder().decode(files[path]);
    const document = yaml(text('loader/full-example.yml'));
    const { services } = plain(canonicalise(document).node) as unknown as {
      readonly services: { readonly foo: { readonly ports: readonly GoldenPort[] } };
    };
    const golden = JSON.parse(text('loader/testdata/full-example.json.golden')) as {
      readonly services: typeof services;
    };

    expect(services.foo.ports.map(portOf)).toEqual(golden.services.foo.ports.map(portOf));
  });
});

interface Normalised {
  readonly name: string;
  readonly input: string;
  readonly expected: string;
}

interface NormalForm {
  readonly services?: Readonly<Record<string, { readonly depends_on?: unknown } | null>>;
  readonly networks?: Readonly<Record<string, { readonly name: string }>>;
  readonly volumes?: Readonly<Record<string, { readonly name: string }>>;
}

describe.skipIf(!vectorsPresent)('what the reference implementation fills in', () => {
  it.each(readVectors<readonly Normalised[]>('compose-go/normalize.json', []))(
    '$name',
    ({ input, expected }) => {
      const normal = plain(expected) as NormalForm;
      const document = addImplicitDependencies(canonicalise(yaml(input)).node);
      const root = cursorAt(document, () => {});
      const services = plain(document) as NormalForm;

      for (const [name, service] of Object.entries(normal.services ?? {})) {
        expect(services.services?.[name]?.depends_on).toEqual(service?.depends_on);
      }
      for (const kind of ['networks', 'volumes'] as const) {
        for (const [key, { name }] of Object.entries(normal[kind] ?? {})) {
          expect(objectName({ root, name: 'myProject' }, kind, key)).toBe(name);
        }
      }
    },
  );
});

function loadOne(yaml: string): readonly Diagnostic[] {
  return loadFiles({ 'compose.yaml': yaml }, { only: ['compose.yaml'] }).diagnostics;
}

it('a file that uses much of Compose loads without a complaint', () => {
  const manifest = `
name: shop
services:
  web:
    image: nginx:1.27@sha256:${'a'.repeat(64)}
    command: ["nginx", "-g", "daemon off;"]
    env_file: [web.env]
    environment: [A=1, B]
    labels: { tier: front }
    ports: ["8080:80", { target: 443, published: "8443", protocol: tcp }]
    volumes: ["data:/data:ro", { type: tmpfs, target: /tmp, tmpfs: { size: 64m } }]
    networks: { default: , back: { aliases: [www] } }
    depends_on: { db: { condition: service_healthy } }
    healthcheck: { test: [CMD, "true"], interval: 10s, start_period: 5s, start_interval: 1s }
    configs: [{ source: conf, target: /etc/nginx/conf.d/default.conf, mode: 0440 }]
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    deploy: { replicas: 2, resources: { limits: { cpus: 0.5, memory: 64m } } }
    x-fleetwright: { gate: { http: { port: 80, path: /ready } } }
  db: { image: "postgres:16", healthcheck: { test: pg_isready }, volumes: ["/srv/pg:/var/lib/postgresql"] }
networks: { back: { internal: true } }
volumes: { data: }
configs: { conf: { file: nginx.conf } }
`;
  const files = { 'a/compose.yaml': manifest, 'a/web.env': 'C=2\n', 'a/nginx.conf': 'server {}\n' };
  const loaded = loadFiles(files);

  expect(loaded.diagnostics.map(formatProblem)).toEqual([]);
  expect(loaded.applications.map(({ name }) => name)).toEqual(['shop']);
});
