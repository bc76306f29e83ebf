import Docker from 'dockerode';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { openFleet } from '../../src/fleet/docker-fleet.ts';
import { noInterest } from '../../src/model/adoption.ts';
import { systemClock as clock } from '../../src/reconcile/system-clock.ts';
import { ensureRequirements } from '../../src/sandbox/packages.ts';
import { aFleetSpec, never, observationOf, sandboxHost } from '../support/engine-fleet.ts';
import type { PodmanService } from '../support/podman.ts';
import { startPodman } from '../support/podman.ts';

let podman: PodmanService;

beforeAll(async () => {
  await ensureRequirements(['podman'], () => undefined);
  podman = await startPodman();
});
afterAll(async () => {
  await podman[Symbol.asyncDispose]();
});

it('Podman has no call that changes a container', async () => {
  const engine = new Docker({ socketPath: podman.socket, version: 'v1.41' });
  const nobody = engine.getContainer('nobody');

  await expect(nobody.inspect()).rejects.toMatchObject({
    statusCode: 404,
    json: { message: expect.stringContaining('no such container') },
  });
  // No words of an engine: there is nothing behind the path.
  await expect(nobody.update({ RestartPolicy: { Name: 'always' } })).rejects.toMatchObject({
    statusCode: 404,
    json: Buffer.from('Not Found\n'),
  });
});

it('Podman is not taken for a Docker Engine, and the reason is said', async () => {
  const host = sandboxHost(0);
  const spec = aFleetSpec([host]);
  const [only] = spec.hosts;
  if (only === undefined) throw new Error('the fleet has no host');
  const endpoint = { kind: 'unix', path: podman.socket } as const;
  const logger = pino({ level: 'silent' });
  await using fleet = openFleet({ credentialsDir: '/nonexistent', logger, clock });
  fleet.configure({ ...spec, hosts: [{ ...only, endpoint }] }, noInterest);

  await fleet.refresh(never);

  expect(observationOf(fleet, host)).toMatchObject({
    kind: 'unreachable',
    reason: expect.stringMatching(/Podman \d.* answers there: .+ use Docker 20\.10 or newer/),
  });
});
