import { describe, expect, it } from 'vitest';

import { assessInstance } from '../../../src/drift/assess-instance.ts';
import { projectContainer } from '../../../src/fleet/project-container.ts';
import type { WireContainer } from '../../../src/fleet/wire.ts';
import { toHostName } from '../../../src/model/names.ts';
import { anInstance, aService, noDefaults } from '../../support/builders.ts';

const host = toHostName('host-1');

function specOf(hostConfig: NonNullable<WireContainer['HostConfig']>, ports: object): unknown {
  const container = { Id: 'f'.repeat(64), HostConfig: hostConfig, NetworkSettings: ports };
  return projectContainer(host, container, 0).spec;
}

const bindings = { '80/tcp': [{ HostIp: '', HostPort: '' }] };

function publishedAt(hostPort: number): unknown {
  const endpoint = { HostIp: '0.0.0.0', HostPort: String(hostPort) };
  return specOf({ PortBindings: bindings }, { Ports: { '80/tcp': [endpoint] } });
}

describe('what the engine changes on its own is no drift:', () => {
  it('another free port after a restart', () => {
    const ports = [{ target: 80, protocol: 'tcp', hostIp: '', published: '' }] as const;
    const service = aService({ container: { ports } });
    const published = { target: 80, protocol: 'tcp', hostIp: '0.0.0.0' } as const;

    const found = [32_768, 32_769].map((hostPort) =>
      assessInstance(
        {
          ...anInstance(service, {}, { published: [{ ...published, hostPort }] }),
          known: false,
        },
        service,
        noDefaults,
      ),
    );

    expect(found).toEqual([[], []]);
    expect(publishedAt(32_769)).toEqual(publishedAt(32_768));
  });

  it('ulimits that the daemon was given by default', () => {
    const ulimits = { Ulimits: [{ Name: 'nofile', Soft: 1_024, Hard: 2_048 }] };

    const before = specOf({ PortBindings: bindings }, {});

    expect(specOf({ PortBindings: bindings, ...ulimits }, {})).toEqual(before);
  });
});
