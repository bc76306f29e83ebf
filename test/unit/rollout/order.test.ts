import { describe, expect, it } from 'vitest';

import type { ContainerSpec, MountSpec } from '../../../src/model/container.ts';
import type { ServiceSpec } from '../../../src/model/application.ts';
import { packOrigins } from '../../../src/model/origin.ts';
import type { ReplaceOrder } from '../../../src/rollout/order.ts';
import { replaceOrder } from '../../../src/rollout/order.ts';
import { aService, origin } from '../../support/builders.ts';

function published(port: string): Partial<ContainerSpec> {
  return { ports: [{ target: 80, protocol: 'tcp', hostIp: '', published: port }] };
}

function volume(
  facts: Partial<Extract<MountSpec, { type: 'volume' }>> = {},
): Partial<ContainerSpec> {
  const mount = {
    type: 'volume',
    source: 'shop_data',
    target: '/data',
    readOnly: false,
    noCopy: false,
  } as const;
  return { mounts: [{ ...mount, ...facts }] };
}

function mountsOf(readOnly: boolean): Partial<ContainerSpec> {
  return { shares: { volumes: [{ from: 'db', readOnly }] } };
}

function addressed(ipv4Address: string): Partial<ContainerSpec> {
  return { networks: [{ network: 'shop_front', aliases: [], ipv4Address }] };
}

function orderOf(service: ServiceSpec): ReplaceOrder {
  return replaceOrder(service, service.update, 4);
}

describe('replaceOrder()', () => {
  it.each([
    ['nothing in the way', {}, 'start-first', ''],
    ['a free port', published(''), 'start-first', ''],
    ['a range of ports', published('8000-8010'), 'start-first', ''],
    ['a fixed port', published('80'), 'stop-first', 'ports'],
    ['an address of its own', addressed('10.9.0.7'), 'stop-first', 'networks'],
    ['a volume', volume(), 'stop-first', 'volumes'],
    ['a volume that it only reads', volume({ readOnly: true }), 'start-first', ''],
    ['volumes of another service', mountsOf(false), 'stop-first', 'volumes_from'],
    ['volumes of another service that it only reads', mountsOf(true), 'start-first', ''],
    ['an anonymous volume', volume({ source: '' }), 'start-first', ''],
  ])('with %s', (_name, container, order, path) => {
    expect(orderOf(aService({ container }))).toMatchObject({ order, path });
  });

  it('says why it is not the order that was asked for', () => {
    const { reason } = orderOf(aService({ container: published('80') }));

    expect(reason).toBe('it publishes host port 80, which two instances cannot share');
  });

  it('starts two writers side by side when the manifest says so in so many words', () => {
    const origins = packOrigins(new Map([['deploy.update_config.order', origin]]));

    expect(orderOf(aService({ container: volume(), origins })).order).toBe('start-first');
  });

  it('does as it is asked with stop-first', () => {
    const service = aService({ container: published('80'), update: { order: 'stop-first' } });

    expect(orderOf(service)).toEqual({ order: 'stop-first', reason: '', path: '' });
  });
});
