import { describe, expect, it } from 'vitest';

import type { InstanceIdentity } from '../../../src/model/labels.ts';
import {
  identityLabels,
  instanceName,
  isOwnLabel,
  label,
  ownerLabels,
  parseIdentity,
  slotKey,
} from '../../../src/model/labels.ts';
import { toSpecHash } from '../../../src/model/names.ts';
import { aCommit } from '../../support/builders.ts';

const web: InstanceIdentity = {
  fleet: 'prod',
  application: 'shop',
  service: 'web',
  slot: '2',
  epoch: 7,
  hash: toSpecHash('cafe'),
  hashSchema: 1,
};

describe('instanceName()', () => {
  it('is the same for the same try, in every release', () => {
    expect(instanceName(web)).toBe('shop-web-2-f613c5ad');
  });

  it.each([
    ['slot', { slot: '3' }],
    ['epoch', { epoch: 8 }],
    ['hash', { hash: toSpecHash('beef') }],
    ['service', { service: 'api' }],
    ['application', { application: 'blog' }],
  ])('is another for another %s', (_name, change) => {
    expect(instanceName({ ...web, ...change })).not.toBe(instanceName(web));
  });
});

describe('identityLabels()', () => {
  it('tells tools of Compose what belongs together', () => {
    expect(identityLabels(web, aCommit(3))).toMatchObject({
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'web',
      'com.docker.compose.container-number': '2',
      'fleetwright.revision': aCommit(3),
    });
  });

  it('gives a slot that is named after its host the number 1', () => {
    const labels = identityLabels({ ...web, slot: 'host-1' }, aCommit(3));

    expect(labels[label.composeNumber]).toBe('1');
  });
});

describe('parseIdentity()', () => {
  const labels = identityLabels(web, aCommit(1));

  it('reads back what was written', () => {
    expect(parseIdentity({ ...labels, other: 'x' })).toEqual(web);
  });

  it.each([
    ['no labels', {}],
    ['another slot', { ...labels, [label.slot]: '3' }],
    ['another fleet', { ...labels, [label.fleet]: 'test' }],
    ['another hash', { ...labels, [label.hash]: 'beef' }],
    ['an epoch that is no number', { ...labels, [label.epoch]: 'x' }],
    ['a broken hash schema', { ...labels, [label.hashSchema]: '1.5' }],
  ])('rejects %s', (_name, broken) => {
    expect(parseIdentity(broken)).toBeNull();
  });
});

describe('other labels', () => {
  it('slotKey() names the slot within the fleet', () => {
    expect(slotKey(web)).toBe('shop/web/2');
  });

  it('ownerLabels() mark a network or volume', () => {
    expect(ownerLabels('prod', 'shop')).toEqual({
      'fleetwright.fleet': 'prod',
      'fleetwright.app': 'shop',
      'com.docker.compose.project': 'shop',
    });
  });

  it.each([
    ['fleetwright.hash', true],
    ['com.docker.compose.project', true],
    ['com.example.team', false],
    ['fleetwrightish', false],
  ])('isOwnLabel(%s) is %s', (name, expected) => {
    expect(isOwnLabel(name)).toBe(expected);
  });
});
