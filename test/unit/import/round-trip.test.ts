import { describe, expect, it } from 'vitest';

import { createBody } from '../../../src/fleet/create-body.ts';
import { projectContainer } from '../../../src/fleet/project-container.ts';
import { checkImport } from '../../../src/import/check-import.ts';
import { foundProject } from '../../../src/import/found-application.ts';
import { importApplication } from '../../../src/import/import-application.ts';
import { withoutImage } from '../../../src/import/without-image.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import { label } from '../../../src/model/labels.ts';
import { toCommitSha, toHostName } from '../../../src/model/names.ts';
import type {
  ImageDefaults,
  ObservedContainer,
  ReachableHost,
} from '../../../src/model/observation.ts';
import { noDefaults } from '../../../src/model/observation.ts';
import { aReachableHost } from '../../support/builders.ts';
import { inspected } from '../../support/inspected.ts';
import { keySamples } from '../../support/key-samples.ts';
import { loadFiles, loadWeb } from '../../support/load-files.ts';
import { anIdentity } from '../fleet/builders.ts';

const host = toHostName('host-1');
const labels = {
  [label.composeProject]: 'shop',
  [label.composeService]: 'web',
  [label.composeNumber]: '1',
};

/** What Compose would have made of a service. */
function composed(lines: readonly string[], after = ''): ObservedContainer {
  const service = loadWeb(lines, after);
  const context = { apiVersion: '1.51', commit: toCommitSha('a'.repeat(40)), address: '10.0.0.1' };
  const body = createBody(service, anIdentity(), context);
  const own = { ...service.container.labels, ...labels };
  const wire = inspected({ ...body, Labels: own });
  return { ...projectContainer(host, wire, 0), name: 'shop-web-1', imageId: 'sha256:i' };
}

function hostWith(image: ImageDefaults): ReachableHost {
  const facts = { os: 'linux', architecture: 'amd64', tags: ['nginx:latest'] };
  const project = { [label.composeProject]: 'shop' };
  return aReachableHost('host-1', {
    images: [{ id: 'sha256:i', digests: ['nginx@sha256:1'], ...facts, defaults: image }],
    networks: ['shop_default', 'shop_a', 'shop_b'].map((name) => ({
      id: name,
      name,
      driver: 'bridge',
      internal: false,
      labels: project,
    })),
  });
}

/** What cannot come back: files, the propagation that the engine chose, and addresses that inspect does not tell. */
function comparable(spec: ContainerSpec): object {
  const networks = spec.networks.map(({ priority: _priority, macAddress: _mac, ...rest }) => rest);
  const mounts = spec.mounts.map((mount) =>
    mount.type === 'bind' ? { ...mount, propagation: mount.propagation || 'rprivate' } : mount,
  );
  return { ...spec, mounts, networks, files: [], environment: { ...spec.environment } };
}

function imported(
  container: ObservedContainer,
  image: ImageDefaults,
): {
  readonly spec: ContainerSpec;
  readonly text: string;
  readonly differences: readonly string[];
} {
  const found = foundProject('shop', [container]);
  if (found === null) throw new Error('there is a container');
  const seen = hostWith(image);
  const { text } = importApplication(found, seen, 'host-1');
  const { applications, diagnostics } = loadFiles({ 'shop/compose.yaml': text });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const [application] = applications;
  const [service] = application?.services ?? [];
  if (application === undefined || service === undefined) throw new Error(text);
  return { spec: service.container, text, differences: checkImport(found, application, seen) };
}

/** What joins another container is left out of what is imported. */
const importable = keySamples.filter(
  ({ body }) => !/container:|VolumesFrom/.test(JSON.stringify(body)),
);

describe.each(importable)('$key', ({ lines, after }) => {
  it('is imported as it is', () => {
    const container = composed(lines, after);

    const { spec, differences } = imported(container, noDefaults);

    expect(differences).toEqual([]);
    expect(comparable(spec)).toEqual(comparable(withoutImage(container.spec, noDefaults)));
  });
});

const image: ImageDefaults = {
  command: ['serve'],
  entrypoint: ['/init'],
  environment: { PATH: '/bin', LEVEL: 'info' },
  labels: { maintainer: 'ada' },
  user: 'app',
  workingDir: '/srv',
  healthcheck: {
    test: ['CMD', 'ready'],
    intervalMs: 5_000,
    timeoutMs: null,
    startPeriodMs: null,
    startIntervalMs: null,
    retries: null,
  },
  expose: ['8080/tcp'],
  volumes: ['/data'],
  stopSignal: 'SIGQUIT',
};

/** Texts that some reader of YAML takes for something else. */
const oddTexts = [
  'yes|no|on|y|null|~|true|| lead|trail |-|=|<<|!x|010|0o17|0x1F|1e3|1_000|12:30:45|.inf|.5|1.10|2001-01-01',
  '*a|&a|a: b|#c|a #c|{a}|[a]|"a|it\'s|%a|@a|`a`|$$|${A:-b}|two\nlines|tail\n|tab\there|a\\n|>|ä\u{1f600}',
].flatMap((texts) => texts.split('|'));
const oddities = Object.fromEntries(
  ['|', 'x'.repeat(300), ...oddTexts].map((value, index) => [`V${index}`, value]),
);

describe('what the image says', () => {
  const inherited: Partial<ContainerSpec> = {
    command: image.command,
    entrypoint: image.entrypoint,
    environment: image.environment,
    user: image.user,
    workingDir: image.workingDir,
    healthcheck: image.healthcheck,
    expose: image.expose,
    mounts: [{ type: 'volume', source: '', target: '/data', readOnly: false, noCopy: false }],
    stopSignal: image.stopSignal,
    labels: { ...image.labels, ...labels },
  };

  it('is not in the manifest', () => {
    const plain = composed([]);
    const container = { ...plain, spec: { ...plain.spec, ...inherited } };

    const { text, differences } = imported(container, image);

    expect(differences).toEqual([]);
    expect(text)
      .toBe(`# Written by "fleetwright import" from Compose project "shop" on host "host-1".
name: shop
services:
  web:
    image: nginx
    restart: "no"
    deploy:
      placement:
        constraints:
          - node.hostname == host-1
x-fleetwright:
  adopt:
    composeProject: shop
    host: host-1
`);
  });

  it.each<[string, Partial<ContainerSpec>]>([
    ['another command', { command: ['serve', '--fast'] }],
    ['no command', { command: null }],
    ['another entrypoint', { entrypoint: ['/other'], command: null }],
    ['no entrypoint', { entrypoint: null, command: ['sh'] }],
    ['another value of a variable', { environment: { PATH: '/bin', LEVEL: 'debug' } }],
    ['a variable less', { environment: { PATH: '/bin', LEVEL: null } }],
    ['a disabled check', { healthcheck: { ...nothing(), test: ['NONE'] } }],
    [
      'another interval',
      { healthcheck: { ...nothing(), test: ['CMD', 'ready'], intervalMs: 1_500 } },
    ],
    [
      'values that look like variables',
      { environment: { ...image.environment, PRICE: '$5 ${X}' } },
    ],
    [
      'values that look like other types',
      {
        environment: {
          ...image.environment,
          ...oddities,
        },
      },
    ],
  ])('is changed by %s', (_name, change) => {
    const plain = composed([]);
    const container = { ...plain, spec: { ...plain.spec, ...inherited, ...change } };

    expect(imported(container, image).differences).toEqual([]);
  });
});

function nothing(): NonNullable<ContainerSpec['healthcheck']> {
  return {
    test: null,
    intervalMs: null,
    timeoutMs: null,
    startPeriodMs: null,
    startIntervalMs: null,
    retries: null,
  };
}
