import { existsSync, readFileSync } from 'node:fs';

import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { addressBody } from '../../../src/fleet/execute-object.ts';
import { networkRefusal } from '../../../src/model/needed-versions.ts';
import type { NetworkSpec } from '../../../src/model/application.ts';
import { loadApplication } from '../../support/load-files.ts';
import { strictDefinitions } from './strict-definitions.ts';

function networkOf(lines: string): NetworkSpec {
  const manifest = `services: { web: { image: nginx } }\nnetworks: { default: { ${lines} } }\n`;
  const [network] = loadApplication(manifest).networks;
  if (network === undefined) throw new Error('the manifest has no network');
  return network;
}

const samples = [
  { name: 'nothing', lines: '', body: {} },
  {
    name: 'ranges of addresses',
    lines:
      'ipam: { driver: default, options: { a: 1 }, config: [{ subnet: 10.9.0.0/16, ip_range: 10.9.5.0/24, gateway: 10.9.0.1, aux_addresses: { router: 10.9.0.2 } }] }',
    body: {
      IPAM: {
        Driver: 'default',
        Options: { a: '1' },
        Config: [
          {
            Subnet: '10.9.0.0/16',
            IPRange: '10.9.5.0/24',
            Gateway: '10.9.0.1',
            AuxiliaryAddresses: { router: '10.9.0.2' },
          },
        ],
      },
    },
  },
  { name: 'IPv6', lines: 'enable_ipv6: true', body: { EnableIPv6: true } },
  { name: 'no IPv4', lines: 'enable_ipv4: false', body: { EnableIPv4: false } },
];

it.each(samples)('addressBody() says $name', ({ lines, body }) => {
  expect(addressBody(networkOf(lines))).toEqual(body);
});

it('networkRefusal() names the host, its version and the key', () => {
  expect(networkRefusal(networkOf('enable_ipv4: false'), 'host-1', '1.46')).toBe(
    'host "host-1" speaks Engine API 1.46, and "enable_ipv4" needs Engine API 1.47 (Docker 27.4): update Docker there, place the service elsewhere, or remove the key',
  );
  expect(networkRefusal(networkOf('enable_ipv4: false'), 'host-1', '1.47')).toBeNull();
});

const definitions = new URL('../../../../shared/fixtures/engine-api/', import.meta.url);

describe.skipIf(!existsSync(definitions))('addressBody() obeys the definition of', () => {
  it.each(['1.41', '1.44', '1.48', '1.51', '1.55'])('API %s', (version) => {
    const api = parse(readFileSync(new URL(`v${version}.yaml`, definitions), 'utf8')) as object;
    const ajv = new Ajv({ strict: false, logger: false, validateFormats: false, allErrors: true });
    ajv.addSchema(strictDefinitions(api), 'api');
    const validate = ajv.compile({ $ref: 'api#/network' });

    for (const { name, lines } of samples) {
      const network = networkOf(lines);
      if (networkRefusal(network, 'h', version) !== null) continue;
      const valid = validate({ Name: 'n', ...addressBody(network) });
      expect(valid, `${name}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    }
  });
});
