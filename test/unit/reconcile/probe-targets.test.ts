import { describe, expect, it } from 'vitest';

import type { ObservedContainer } from '../../../src/model/observation.ts';
import { noRestart } from '../../../src/model/container.ts';
import { probeTargets } from '../../../src/reconcile/probe-targets.ts';
import { aDesiredState, anInstance, aService } from '../../support/builders.ts';

const probe = { kind: 'tcp', port: 80, intervalMs: 1, timeoutMs: 1 } as const;
const service = aService({ gate: { probe } });
const { fleet } = aDesiredState([], ['host-1']);
const published = [{ target: 80, protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 32_768 }];

function targets(
  facts: Partial<ObservedContainer>,
  gate = service.gate,
): ReturnType<typeof probeTargets> {
  const { container } = anInstance(service, {}, { restart: noRestart, published, ...facts });
  return probeTargets([{ container, gate }], fleet);
}

describe('probeTargets()', () => {
  it('finds the published port behind that of the probe, at the address of the host', () => {
    expect(targets({})).toMatchObject([{ address: '127.0.0.1', port: 32_768, startedAt: 0 }]);
  });

  it.each([
    ['of IPv6', [{ ...published[0], hostIp: '::' }]],
    ['of UDP', [{ ...published[0], protocol: 'udp' }]],
    ['of another port', [{ ...published[0], target: 81 }]],
  ])('does not take the publication %s', (_name, list) => {
    expect(targets({ published: list as ObservedContainer['published'] })).toMatchObject([
      { port: null },
    ]);
  });

  it.each([
    ['promoted', { restart: service.container.restart }],
    ['not running', { state: 'exited' }],
    ['never started', { startedAt: null }],
  ] as const)('leaves alone what is %s', (_name, facts) => {
    expect(targets(facts)).toEqual([]);
  });

  it('asks those that share a slot: the one that was promoted may have been started anew', () => {
    const [first, second] = [1, 2].map((epoch) => {
      const { container } = anInstance(service, { epoch }, { published });
      return { container, gate: service.gate };
    });
    if (first === undefined || second === undefined) throw new Error('there are two');

    expect(probeTargets([first, second], fleet)).toHaveLength(2);
    expect(probeTargets([first], fleet)).toEqual([]);
  });

  it('has nothing to ask without a probe', () => {
    expect(targets({}, { ...service.gate, probe: null })).toEqual([]);
  });
});
