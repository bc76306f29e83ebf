import type { WireInfo, WireVersion } from '../../../src/fleet/wire.ts';
import type { EngineState } from './engine-state.ts';
import { stamp } from './engine-state.ts';

const versions = {
  '1.41': { Version: '20.10.24+dfsg1', MinAPIVersion: '1.12' },
  '1.45': { Version: '26.1.5+dfsg1', MinAPIVersion: '1.24' },
} as const;

export function engineVersion(state: EngineState): WireVersion {
  const { apiVersion } = state;
  return { ...versions[apiVersion], ApiVersion: apiVersion, Os: 'linux', Arch: 'amd64' };
}

export function engineInfo(state: EngineState): WireInfo {
  return {
    ID: state.engineId,
    Name: state.name,
    ServerVersion: versions[state.apiVersion].Version,
    NCPU: 4,
    MemTotal: 8 * 2 ** 30,
    Labels: [],
    SystemTime: stamp(state, state.clock.now()),
  };
}
