import { expect, it } from 'vitest';

import { changedByStep } from '../../../src/fleet/changed-by-step.ts';
import type { MountSpec } from '../../../src/model/container.ts';
import { selfLabel } from '../../../src/model/labels.ts';
import type { ReachableHost } from '../../../src/model/observation.ts';
import type { Action } from '../../../src/model/step.ts';
import { noDefaults } from '../../../src/model/observation.ts';
import { anInstance, aReachableHost, aService, origin } from '../../support/builders.ts';
import { anIdentity } from './builders.ts';

const identity = anIdentity();

function aMount(source: string): MountSpec {
  return { type: 'volume', source, target: '/data', readOnly: false, noCopy: false };
}

function withImageVolumes(volumes: readonly string[]): ReachableHost {
  const host = aReachableHost('host-1');
  const images = host.images.map((image) => ({ ...image, defaults: { ...noDefaults, volumes } }));
  return { ...host, images };
}

const bind: MountSpec = {
  type: 'bind',
  source: '/srv',
  target: '/srv',
  readOnly: true,
  createHostPath: false,
  propagation: 'rprivate',
};

it.each([
  { name: 'no volume', mounts: [], volumes: false },
  { name: 'a folder of the host', mounts: [bind], volumes: false },
  { name: 'a named volume', mounts: [aMount('data')], volumes: true },
  { name: 'an anonymous volume', mounts: [aMount('')], volumes: true },
])('changedByStep() of a create and of a removal with $name', ({ mounts, volumes }) => {
  const service = aService({ container: { mounts } });
  const { container } = anInstance(service);
  const picture = aReachableHost('host-1', { containers: [container] });
  const guard = { id: container.id, self: selfLabel(identity), states: [] };

  expect(changedByStep({ kind: 'create-container', identity, service }, picture).volumes).toBe(
    volumes,
  );
  const remove: Action = { kind: 'remove-container', guard, name: container.name };
  expect(changedByStep(remove, picture)).toMatchObject({
    containers: new Set([container.id]),
    volumes,
  });
  // Of a container that is not known, anything may be true.
  expect(changedByStep(remove, aReachableHost('host-1')).volumes).toBe(true);
});

it.each([
  { name: 'an image without volumes', picture: withImageVolumes([]), volumes: false },
  { name: 'an image with volumes', picture: withImageVolumes(['/data']), volumes: true },
  {
    name: 'an image that is not known',
    picture: aReachableHost('host-1', { images: [] }),
    volumes: true,
  },
])('changedByStep() of a create from $name', ({ picture, volumes }) => {
  const create: Action = { kind: 'create-container', identity, service: aService() };

  expect(changedByStep(create, picture).volumes).toBe(volumes);
});

it('changedByStep() of a volume', () => {
  const volume = { name: 'data', external: false, driver: 'local', driverOpts: {}, labels: {} };

  const changed = changedByStep(
    { kind: 'create-volume', volume: { ...volume, origin } },
    aReachableHost('host-1'),
  );

  expect(changed.volumes).toBe(true);
});
