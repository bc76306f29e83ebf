import { describe, expect, it } from 'vitest';

import { assessInstance } from '../../../src/drift/assess-instance.ts';
import { projectContainer } from '../../../src/fleet/project-container.ts';
import type { WireContainer } from '../../../src/fleet/wire.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import { toHostName } from '../../../src/model/names.ts';
import { noDefaults } from '../../../src/model/observation.ts';
import { anInstance, aService } from '../../support/builders.ts';

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

  it.each([
    {
      name: 'ulimits that the daemon was given by default',
      defaults: { Ulimits: [{ Name: 'nofile', Soft: 1_024, Hard: 2_048 }] },
    },
    { name: 'its log driver', defaults: { LogConfig: { Type: 'local', Config: { a: 'b' } } } },
    { name: 'its size of /dev/shm', defaults: { ShmSize: 2 ** 27 } },
    { name: 'its runtime and parent cgroup', defaults: { Runtime: 'crun', CgroupParent: 'x' } },
    { name: 'its kinds of namespaces', defaults: { CgroupnsMode: 'host', IpcMode: 'shareable' } },
    {
      name: 'its name servers',
      defaults: { Dns: ['10.0.0.1'], DnsSearch: ['x'], DnsOptions: ['y'] },
    },
    { name: 'no limit of swap', defaults: { MemorySwap: -1, MemorySwappiness: -1 } },
    { name: 'zero for not set', defaults: { CpuShares: 0, OomScoreAdj: 0, BlkioWeight: 0 } },
  ])('$name', ({ defaults }) => {
    const service = aService();

    const found = assessInstance(
      {
        ...anInstance(service, {}, { spec: specOf(defaults, {}) as ContainerSpec }),
        known: false,
      },
      { ...service, container: { ...service.container, image: '' } },
      noDefaults,
    );

    expect(found).toEqual([]);
  });
});
