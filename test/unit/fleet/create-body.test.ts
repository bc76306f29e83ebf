import { existsSync, readFileSync } from 'node:fs';

import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { CreateBody } from '../../../src/fleet/create-body.ts';
import { createBody, laterNetworks } from '../../../src/fleet/create-body.ts';
import { projectContainer } from '../../../src/fleet/project-container.ts';
import type { WireContainer } from '../../../src/fleet/wire.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import { noRestart } from '../../../src/model/container.ts';
import { toCommitSha, toHostName } from '../../../src/model/names.ts';
import { aContainer, aService } from '../../support/builders.ts';
import { anIdentity } from './builders.ts';
import { strictDefinitions } from './strict-definitions.ts';
import { containerTable } from '../../support/container-table.ts';

const commit = toCommitSha('a'.repeat(40));

function bodyOf(container: Partial<ContainerSpec>, apiVersion = '1.41'): CreateBody {
  return createBody(aService({ container }), anIdentity(), {
    apiVersion,
    commit,
    address: '10.0.0.1',
  });
}

it('createBody() starts every instance on probation', () => {
  const body = bodyOf({ restart: { name: 'always', maximumRetryCount: 0 } });

  expect(body.HostConfig['RestartPolicy']).toEqual({ Name: 'no', MaximumRetryCount: 0 });
});

it('createBody() labels with the user’s labels and with ours, which win', () => {
  const body = bodyOf({ labels: { team: 'x', 'fleetwright.app': 'forged' } });

  expect(body.Labels).toMatchObject({
    team: 'x',
    'fleetwright.app': 'shop',
    'fleetwright.self': 'test/shop/web/1/1/cafe',
    'fleetwright.revision': commit,
    'com.docker.compose.project': 'shop',
  });
});

it('createBody() exposes every port that it publishes', () => {
  const port = { target: 80, protocol: 'tcp', hostIp: '', published: '8080' } as const;

  const body = bodyOf({ ports: [port], expose: ['90/udp'] });

  expect(body).toMatchObject({
    ExposedPorts: { '80/tcp': {}, '90/udp': {} },
    HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } },
  });
});

it.each([
  { address: '10.0.0.1', hostIp: '10.0.0.1' },
  { address: 'host-1.example.com', hostIp: '' },
])('createBody() publishes the port of the gate at $address', ({ address, hostIp }) => {
  const probe = { kind: 'tcp', port: 8080, intervalMs: 1, timeoutMs: 1 } as const;
  const service = aService({ gate: { probe } });

  const body = createBody(service, anIdentity(), { apiVersion: '1.41', commit, address });

  expect(body).toMatchObject({
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: { PortBindings: { '8080/tcp': [{ HostIp: hostIp, HostPort: '' }] } },
  });
});

it('createBody() sorts the environment and masks a variable of the image by its bare name', () => {
  expect(bodyOf({ environment: { B: '2', A: '1', GONE: null } })['Env']).toEqual([
    'A=1',
    'B=2',
    'GONE',
  ]);
});

it('createBody() rounds the grace of a stop up to seconds', () => {
  expect(bodyOf({ stopGraceMs: 1500 })['StopTimeout']).toBe(2);
});

it.each([
  { apiVersion: '1.41', endpoints: ['a'], later: ['b'] },
  { apiVersion: '1.44', endpoints: ['a', 'b'], later: [] },
])('createBody() attaches $endpoints with API $apiVersion', ({ apiVersion, endpoints, later }) => {
  const networks = ['a', 'b'].map((network) => ({ network, aliases: ['web'] }));

  const body = bodyOf({ networks }, apiVersion);

  const { EndpointsConfig } = body['NetworkingConfig'] as { EndpointsConfig: object };
  expect(Object.keys(EndpointsConfig)).toEqual(endpoints);
  expect(body.HostConfig['NetworkMode']).toBe('a');
  expect(laterNetworks(aContainer({ networks }), apiVersion).map((it) => it.network)).toEqual(
    later,
  );
});

it.each([
  { name: 'no network', networks: [], mode: 'none' },
  { name: 'the host’s', networks: [{ network: 'host', aliases: [] }], mode: 'host' },
])('createBody() gives $name to whom asks for it', ({ networks, mode }) => {
  const body = bodyOf({ networks });

  expect(body).toMatchObject({
    HostConfig: { NetworkMode: mode },
    NetworkingConfig: { EndpointsConfig: {} },
  });
});

it.each([
  { apiVersion: '1.41', field: 'Binds', expected: ['/a:/b:ro,rprivate'] },
  {
    apiVersion: '1.42',
    field: 'Mounts',
    expected: [
      {
        Type: 'bind',
        Source: '/a',
        Target: '/b',
        ReadOnly: true,
        BindOptions: { Propagation: 'rprivate', CreateMountpoint: true },
      },
    ],
  },
])('createBody() lets API $apiVersion create a missing folder by $field', (row) => {
  const bind = { type: 'bind', source: '/a', target: '/b', readOnly: true } as const;
  const mounts = [{ ...bind, createHostPath: true, propagation: 'rprivate' }];

  const body = bodyOf({ mounts }, row.apiVersion);

  expect(body.HostConfig[row.field]).toEqual(row.expected);
});

it.each(containerTable)('createBody() and projectContainer() are inverse for $name', ({ spec }) => {
  const body = bodyOf({ ...spec, networks: [] }, '1.44') as object as WireContainer['Config'] &
    Pick<WireContainer, 'HostConfig'>;
  const inspected = { Id: 'f'.repeat(64), Config: body, HostConfig: body.HostConfig };

  const projected = projectContainer(toHostName('h'), inspected, 0).spec;

  expect({ ...projected, labels: {}, files: [] }).toEqual(
    aContainer({ ...spec, networks: [], labels: {}, files: [], restart: noRestart }),
  );
});

const definitions = new URL('../../../../shared/fixtures/engine-api/', import.meta.url);

describe.skipIf(!existsSync(definitions))('createBody() obeys the definition of', () => {
  it.each(['1.41', '1.44', '1.48', '1.51'])('API %s', (version) => {
    const file = new URL(`v${version}.yaml`, definitions);
    const api = parse(readFileSync(file, 'utf8')) as object;
    const ajv = new Ajv({ strict: false, logger: false, validateFormats: false, allErrors: true });
    ajv.addSchema(strictDefinitions(api), 'api');
    const validate = ajv.compile({ $ref: 'api#/create' });

    for (const { name, spec } of containerTable) {
      const valid = validate(bodyOf(spec, version));
      expect(valid, `${name}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    }
  });
});
