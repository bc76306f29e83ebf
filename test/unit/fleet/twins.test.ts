import { expect, it } from 'vitest';

import { rejectTwins } from '../../../src/fleet/twins.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { HostObservation } from '../../../src/model/observation.ts';

function seen(name: string, id: string): [ReturnType<typeof toHostName>, HostObservation] {
  const host = toHostName(name);
  const engine = {
    id,
    hostname: name,
    version: '20.10.24',
    apiVersion: '1.41',
    os: 'linux',
    architecture: 'amd64',
    cpus: 1,
    memoryBytes: 1,
    labels: {},
  };
  const nothing = { containers: [], unmanaged: [], networks: [], volumes: [], images: [] };
  return [host, { kind: 'reachable', host, watchedSince: 0, observedAt: 7, engine, ...nothing }];
}

it('rejectTwins() believes neither of two hosts that are one engine', () => {
  const hosts = rejectTwins(new Map([seen('a', 'X'), seen('b', 'Y'), seen('c', 'X')]));

  const reason =
    'hosts "a" and "c" are one and the same engine: remove one of them from fleet.yaml';
  expect([...hosts.values()]).toEqual([
    { kind: 'unreachable', host: 'a', since: 7, reason, answers: true },
    expect.objectContaining({ kind: 'reachable', host: 'b' }),
    { kind: 'unreachable', host: 'c', since: 7, reason, answers: true },
  ]);
});
