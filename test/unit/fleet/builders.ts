import { readFileSync } from 'node:fs';

import type { WireContainer, WireImage } from '../../../src/fleet/wire.ts';
import type { InstanceIdentity } from '../../../src/model/labels.ts';
import { toSpecHash } from '../../../src/model/names.ts';

export function anIdentity(fields: Partial<InstanceIdentity> = {}): InstanceIdentity {
  return {
    fleet: 'test',
    application: 'shop',
    service: 'web',
    slot: '1',
    epoch: 1,
    hash: toSpecHash('cafe'),
    hashSchema: 1,
    ...fields,
  };
}

/** `inspect` as engine 20.10.24 gave it, without the paths of its storage. */
export function recordedContainer(name: string): WireContainer {
  return JSON.parse(readFixture(name)) as WireContainer;
}

export function recordedImage(): WireImage {
  return JSON.parse(readFixture('image')) as WireImage;
}

function readFixture(name: string): string {
  const url = new URL(`../../fixtures/inspect/engine-20.10-${name}.json`, import.meta.url);
  return readFileSync(url, 'utf8');
}
