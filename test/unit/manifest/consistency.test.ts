import { describe, expect, it } from 'vitest';

import { canonicalise } from '../../../src/manifest/canonical.ts';
import { cursorAt } from '../../../src/manifest/cursor.ts';
import { indexFolders } from '../../../src/manifest/folder-index.ts';
import { createFileAccess } from '../../../src/manifest/file-access.ts';
import { addImplicitDependencies } from '../../../src/manifest/implicit-dependencies.ts';
import { namedContainersAreAlone } from '../../../src/manifest/rules/container-name.ts';
import { devicesAreCountedOrNamed } from '../../../src/manifest/rules/device-requests.ts';
import { targetsAreDistinct } from '../../../src/manifest/rules/mounts.ts';
import { networkModesStandAlone } from '../../../src/manifest/rules/network-mode.ts';
import { referencesAreDeclared } from '../../../src/manifest/rules/references.ts';
import { sharingIsPossible } from '../../../src/manifest/rules/shared-services.ts';
import type { Rule } from '../../../src/manifest/rules/rule.ts';
import {
  externalsAreOnlyNamed,
  filesHaveOneSource,
} from '../../../src/manifest/rules/top-level.ts';
import { twinsAgree } from '../../../src/manifest/rules/twins.ts';
import { createSubject } from '../../../src/manifest/subject.ts';
import type { Diagnostic } from '../../../src/model/diagnostic.ts';
import { plain, yaml } from '../../support/located-yaml.ts';

/** What a rule says about a document, whether or not the schema admits all of its keys. */
function judge(rule: Rule, document: string): readonly string[] {
  const found: Diagnostic[] = [];
  const { node } = canonicalise(yaml(document));
  const root = cursorAt(addImplicitDependencies(node), (each) => void found.push(each));
  const key = Buffer.of();
  const none = { entries: new Map(), contents: new Map(), root: '', key, fleetRequired: false };
  const source = { file: 'compose.yaml', overrides: [], folder: '', fallbackName: 'shop' };
  const files = createFileAccess(none, indexFolders(none.entries));
  rule(createSubject(root, { name: 'shop', source, variables: new Map(), files, key }));
  return found.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

function web(service: string, after = ''): string {
  return `services:\n  web: ${service}\n${after}`;
}

describe('twinsAgree', () => {
  it.each([
    'scale: 2, deploy: { replicas: 2 }',
    'scale: 2',
    'deploy: { replicas: 2 }',
    'cpus: 0.5, deploy: { resources: { limits: { cpus: "0.50" } } }',
    'mem_limit: 1g, deploy: { resources: { limits: { memory: 1024m } } }',
    'mem_reservation: 1048576, deploy: { resources: { reservations: { memory: 1M } } }',
    'pids_limit: 5, deploy: { resources: { limits: { pids: 5 } } }',
  ])('takes %s', (keys) => {
    expect(judge(twinsAgree, web(`{ ${keys} }`))).toEqual([]);
  });

  it.each([
    ['scale: 2, deploy: { replicas: 3 }', 'scale', 'replicas'],
    ['cpus: 1, deploy: { resources: { limits: { cpus: 2 } } }', 'cpus', 'resources.limits.cpus'],
    [
      'mem_limit: 1g, deploy: { resources: { limits: { memory: 1m } } }',
      'mem_limit',
      'resources.limits.memory',
    ],
    [
      'mem_reservation: 1g, deploy: { resources: { reservations: { memory: 1m } } }',
      'mem_reservation',
      'resources.reservations.memory',
    ],
    [
      'pids_limit: 1, deploy: { resources: { limits: { pids: 2 } } }',
      'pids_limit',
      'resources.limits.pids',
    ],
  ])('refuses %s', (keys, old, deployed) => {
    expect(judge(twinsAgree, web(`{ ${keys} }`))).toEqual([
      expect.stringMatching(`^2:\\d+ "${old}" and "deploy.${deployed}" .* say different things$`),
    ]);
  });
});

describe('rules on keys that exclude each other', () => {
  it.each<[string, Rule, string, readonly string[]]>([
    [
      'a name and one instance',
      namedContainersAreAlone,
      web('{ container_name: a, scale: 1 }'),
      [],
    ],
    [
      'a name and several instances',
      namedContainersAreAlone,
      web('{ container_name: a, deploy: { replicas: 2 } }'),
      [
        '2:49 a service with "container_name" cannot have 2 instances: only one container can have a name',
      ],
    ],
    [
      'one name twice',
      namedContainersAreAlone,
      web('{ container_name: a }', '  db: { container_name: a }\n'),
      ['3:25 the container name "a" is taken by the service at compose.yaml:2:26'],
    ],
    [
      'a network of another service, of which there are as many, or one',
      sharingIsPossible,
      web(
        '{ network_mode: "service:db", deploy: { replicas: 2 } }',
        '  db: { scale: 2 }\n  up: { pid: "service:one", scale: 3 }\n  one: {}\n',
      ),
      [],
    ],
    [
      'a network of another service, of which there are not as many',
      sharingIsPossible,
      web('{ network_mode: "service:db" }', '  db: { scale: 2 }\n'),
      [
        '2:24 service "web" (1 instance) cannot share with "db" (2 instances): each instance needs one to share with',
      ],
    ],
    [
      'a network of a global service',
      sharingIsPossible,
      web('{ ipc: "service:db" }', '  db: { deploy: { mode: global } }\n'),
      [
        '2:15 service "web" (1 instance) cannot share with "db" (one per host): each instance needs one to share with',
      ],
    ],
    [
      'a network of another service, and settings of its own network',
      sharingIsPossible,
      web('{ network_mode: "service:db", hostname: a, dns: 1.1.1.1 }', '  db: {}\n'),
      [
        '2:38 a service with network_mode: service:db cannot have "hostname": that belongs to the network of the other one',
        '2:51 a service with network_mode: service:db cannot have "dns": that belongs to the network of the other one',
      ],
    ],
    [
      'mounts of other services, of which there are as many, or one',
      sharingIsPossible,
      web('{ volumes_from: [db, "one:ro"], scale: 2 }', '  db: { scale: 2 }\n  one: {}\n'),
      [],
    ],
    [
      'mounts of another service, of which there are not as many',
      sharingIsPossible,
      web('{ volumes_from: ["db:ro"] }', '  db: { scale: 2 }\n'),
      [
        '2:25 service "web" (1 instance) cannot share with "db" (2 instances): each instance needs one to share with',
      ],
    ],
    ['a network mode alone', networkModesStandAlone, web('{ network_mode: host }'), []],
    [
      'a network mode and networks',
      networkModesStandAlone,
      web('{ network_mode: host, networks: [a] }'),
      ['2:30 a service cannot have both "networks" and "network_mode: host"'],
    ],
    [
      'a number of devices',
      devicesAreCountedOrNamed,
      web(
        '{ gpus: [{ count: all }], deploy: { resources: { reservations: { devices: [{ count: "1" }, { device_ids: [a] }] } } } }',
      ),
      [],
    ],
    [
      'a number of devices and their names',
      devicesAreCountedOrNamed,
      web('{ gpus: [{ count: some, device_ids: [a] }] }'),
      [
        '2:32 a device request cannot have both "count" and "device_ids"',
        '2:26 "some" is not a number of devices, nor "all"',
      ],
    ],
    [
      'targets of all kinds',
      targetsAreDistinct,
      web(
        '{ tmpfs: ["/a:size=1m", /b], volumes: ["vol:/b/", "wol:/c"], configs: [c], secrets: [s, { source: t, target: s }] }',
      ),
      [
        '2:47 "/b" is already mounted at compose.yaml:2:32',
        '2:79 "/c" is already mounted at compose.yaml:2:58',
        '2:96 "/run/secrets/s" is already mounted at compose.yaml:2:93',
      ],
    ],
    [
      'a single tmpfs',
      targetsAreDistinct,
      web('{ tmpfs: /a, volumes: ["vol:/a"] }'),
      ['2:31 "/a" is already mounted at compose.yaml:2:17'],
    ],
    [
      'a secret that is not declared',
      referencesAreDeclared,
      web('{ secrets: [tokn] }', 'secrets: { token: { file: x } }\n'),
      ['2:20 service "web" refers to the undefined secret "tokn" (did you mean "token"?)'],
    ],
    [
      'a service that is linked',
      referencesAreDeclared,
      web('{ links: ["db:database"], network_mode: "service:net" }'),
      [
        '2:18 service "web" depends on service "db", which is not defined',
        '2:48 service "web" depends on service "net", which is not defined',
      ],
    ],
    [
      'external secrets and configs',
      externalsAreOnlyNamed,
      web(
        '{}',
        'secrets:\n  a: { external: true, file: x }\n  b: { external: true, name: y }\nconfigs: { c: { external: true, content: x } }\n',
      ),
      [
        '6:33 "configs.c" cannot have both "external" and "content"',
        '4:24 "secrets.a" cannot have both "external" and "file"',
      ],
    ],
    [
      'sources of secrets',
      filesHaveOneSource,
      web(
        '{}',
        'secrets:\n  a: { file: x, environment: Y }\n  b: { }\n  c: { environment: Y }\n  d: { external: true }\n',
      ),
      [
        '4:17 secret "a" cannot have both "file" and "environment"',
        '5:3 secret "b" must have "file", "environment" or "content"',
      ],
    ],
  ])('judge %s', (_, rule, document, expected) => {
    expect(judge(rule, document)).toEqual(expected);
  });
});

describe('addImplicitDependencies()', () => {
  it('makes each service wait for those whose namespaces, names and volumes it uses', () => {
    const document = `
services:
  test:
    ipc: service:a
    cgroup: service:b
    uts: service:c
    pid: service:d
    network_mode: service:e
    volumes_from: [f:ro, container:x, a]
    links: [g, "h:alias"]
    depends_on: { a: { condition: service_healthy } }
  other: { pid: host, depends_on: { test: { condition: service_started } } }
`;
    const implied = { condition: 'service_started', required: true, restart: true };

    expect(plain(addImplicitDependencies(yaml(document)))).toMatchObject({
      services: {
        test: {
          depends_on: {
            a: { condition: 'service_healthy' },
            b: implied,
            c: implied,
            d: implied,
            e: implied,
            f: { ...implied, restart: false },
            g: implied,
            h: implied,
          },
        },
        other: { depends_on: { test: { condition: 'service_started' } } },
      },
    });
  });

  it('leaves a document without any alone', () => {
    const document = yaml('services: { a: { image: x }, b: }');

    expect(addImplicitDependencies(document)).toBe(document);
  });
});
