import { existsSync, readFileSync } from 'node:fs';

import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { compareImmutable, compareResources } from '../../../src/drift/compare-container.ts';
import { createBody } from '../../../src/fleet/create-body.ts';
import { containerRefusal } from '../../../src/model/needed-versions.ts';
import { projectContainer } from '../../../src/fleet/project-container.ts';
import type { ServiceSpec } from '../../../src/model/application.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import { noRestart } from '../../../src/model/container.ts';
import { toCommitSha, toHostName } from '../../../src/model/names.ts';
import { noDefaults } from '../../../src/model/observation.ts';
import { inspected } from '../../support/inspected.ts';
import type { KeySample } from '../../support/key-samples.ts';
import { keySamples } from '../../support/key-samples.ts';
import { loadWeb } from '../../support/load-files.ts';
import { anIdentity } from './builders.ts';
import { strictDefinitions } from './strict-definitions.ts';

const newest = '1.51';

interface Property {
  readonly $ref?: string;
  readonly 'x-change'?: string;
  readonly 'x-unsupported'?: string;
  readonly 'x-ignored'?: string;
}

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/compose.schema.json', import.meta.url), 'utf8'),
) as {
  readonly $defs: Readonly<Record<string, { readonly properties: Record<string, Property> }>>;
};

function propertiesOf(name: string): readonly (readonly [string, Property])[] {
  return Object.entries(schema.$defs[name]?.properties ?? {});
}

function serviceOf({ lines, after }: KeySample): ServiceSpec {
  return loadWeb(lines, after);
}

function bodyOf(sample: KeySample, apiVersion = newest): object {
  const context = { apiVersion, commit: toCommitSha('a'.repeat(40)), address: '10.0.0.1' };
  return createBody(serviceOf(sample), anIdentity(), context);
}

/** What no inspect can show: files, priorities, our labels, and the policy of an instance on probation. */
function visible(spec: ContainerSpec): object {
  const networks = spec.networks.map(({ priority: _priority, macAddress: _mac, ...rest }) => rest);
  const mounts = spec.mounts.map((mount) =>
    mount.type === 'bind' ? { ...mount, propagation: mount.propagation || 'rprivate' } : mount,
  );
  return { ...spec, networks, mounts, files: [], labels: {}, restart: noRestart };
}

/** Set by an update after the create, by the query of the create, and services of their own. */
const notInBody: ReadonlySet<string> = new Set(['restart', 'container_name', 'pre_start']);

describe('every key of a service', () => {
  it('is honoured, ignored with a reason, or refused', () => {
    const undecided = propertiesOf('service')
      .filter(([name]) => name !== 'deploy' && name !== 'x-fleetwright')
      .filter(([, property]) => {
        const marks = [property['x-change'], property['x-unsupported'], property['x-ignored']];
        return marks.filter((mark) => mark !== undefined).length !== 1;
      })
      .map(([name]) => name);

    expect(undecided).toEqual([]);
  });

  it('that changes a container has a sample', () => {
    const missing = propertiesOf('service')
      .filter(([, property]) => ['replace', 'update'].includes(property['x-change'] ?? ''))
      .map(([name]) => name)
      .filter((name) => !notInBody.has(name) && !keySamples.some(({ key }) => key === name));

    expect(missing).toEqual([]);
  });

  it('of an attachment to a network has a sample', () => {
    const missing = propertiesOf('attachment')
      .map(([name]) => name)
      .filter((name) => name !== 'aliases')
      .filter((name) => !keySamples.some(({ key }) => key === `networks.${name}`));

    expect(missing).toEqual([]);
  });
});

describe.each(keySamples)('$key', (sample) => {
  it('is sent to the engine', () => {
    expect(bodyOf(sample)).toMatchObject(sample.body);
  });

  it('comes back from it in the same normal form', () => {
    const { container } = serviceOf(sample);

    const { spec } = projectContainer(toHostName('h'), inspected(bodyOf(sample)), 0);

    const workingDir = container.workingDir?.replace(/\/$/, '') ?? null;
    expect(visible(spec)).toEqual(visible({ ...container, workingDir }));
  });

  it('is no drift once it is so', () => {
    const { container } = serviceOf(sample);

    const { spec } = projectContainer(toHostName('h'), inspected(bodyOf(sample)), 0);

    expect(compareImmutable(container, spec, noDefaults)).toEqual([]);
    expect(compareResources(container.resources, spec.resources)).toEqual([]);
  });

  it('needs the Engine API that is said', () => {
    const { container } = serviceOf(sample);
    const [, minor = '41'] = (sample.since ?? '1.41').split('.');
    const older = `1.${Number(minor) - 1}`;

    expect(containerRefusal(container, 'host-1', sample.since ?? '1.41')).toBeNull();
    if (sample.since !== undefined && sample.since !== '1.44') {
      expect(containerRefusal(container, 'host-1', older)).toContain(`Engine API ${sample.since}`);
    }
  });
});

it('a MAC address needs a newer engine only on another network than the first', () => {
  const mac = 'mac_address: 02:42:ac:11:65:43';
  const networks = 'networks: { a: , b: }\n';
  const on = (written: string): string | null =>
    containerRefusal(loadWeb([`networks: ${written}`], networks).container, 'h', '1.43');

  expect(on(`{ a: { ${mac} }, b: }`)).toBeNull();
  expect(on(`{ a: , b: { ${mac} } }`)).toContain('"networks.mac_address" needs Engine API 1.44');
});

it('a host that is too old for a container is named, with its version and every key', () => {
  const { container } = loadWeb([
    'annotations: [a=b]',
    'healthcheck: { test: x, start_period: 9s, start_interval: 1s }',
  ]);

  expect(containerRefusal(container, 'host-1', '1.41')).toBe(
    'host "host-1" speaks Engine API 1.41, and "annotations" needs Engine API 1.43 (Docker 24.0), "healthcheck.start_interval" needs Engine API 1.44 (Docker 25.0): update Docker there, place the service elsewhere, or remove the key',
  );
});

const definitions = new URL('../../../../shared/fixtures/engine-api/', import.meta.url);

describe.skipIf(!existsSync(definitions))('the body of every key obeys the definition of', () => {
  it.each(['1.41', '1.44', '1.48', '1.51', '1.55'])('API %s', (version) => {
    const file = new URL(`v${version}.yaml`, definitions);
    const api = parse(readFileSync(file, 'utf8')) as object;
    const ajv = new Ajv({ strict: false, logger: false, validateFormats: false, allErrors: true });
    ajv.addSchema(strictDefinitions(api), 'api');
    const validate = ajv.compile({ $ref: 'api#/create' });

    for (const sample of keySamples) {
      if (containerRefusal(serviceOf(sample).container, 'h', version) !== null) continue;
      const valid = validate(bodyOf(sample, version));
      expect(valid, `${sample.key}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    }
  });
});
