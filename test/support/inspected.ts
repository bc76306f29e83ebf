import type { WireContainer } from '../../src/fleet/wire.ts';

/** What inspect shows of a container that an engine without an opinion of its own has made. */
export function inspected(body: object): WireContainer {
  const { HostConfig, NetworkingConfig, ...Config } = body as {
    HostConfig: NonNullable<WireContainer['HostConfig']>;
    NetworkingConfig: {
      EndpointsConfig: NonNullable<WireContainer['NetworkSettings']>['Networks'];
    };
  };
  const mode = HostConfig.NetworkMode ?? '';
  const isBuiltIn = mode === 'host' || mode === 'bridge';
  const Networks = isBuiltIn ? { [mode]: {} } : NetworkingConfig.EndpointsConfig;
  return { Id: 'f'.repeat(64), Config, HostConfig, NetworkSettings: { Networks } };
}
