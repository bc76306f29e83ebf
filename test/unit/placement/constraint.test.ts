import { describe, expect, it } from 'vitest';

import { admits } from '../../../src/placement/constraint.ts';
import { aConstraint, aHost, aReachableHost } from '../../support/builders.ts';

const { engine } = aReachableHost('web-1');
const host = {
  spec: aHost('web-1', {
    address: '10.0.0.7',
    labels: { zone: 'A', 'disk.kind': 'ssd' },
    groups: ['edge', 'fast'],
  }),
  engine: { ...engine, id: 'X1', labels: { gpu: 'yes' } },
};

describe('admits()', () => {
  it.each([
    ['node.labels.zone == A', true],
    ['node.labels.zone == a', true],
    ['node.labels.zone == b', false],
    ['node.labels.zone != b', true],
    ['node.labels.zone != a', false],
    ['node.labels.disk.kind == ssd', true],
    ['node.labels.missing == x', false],
    ['node.labels.missing != x', true],
    ['engine.labels.gpu == yes', true],
    ['engine.labels.zone == a', false],
    ['node.id == x1', true],
    ['node.hostname == web-1', true],
    ['node.hostname != web-1', false],
    ['node.ip == 10.0.0.7', true],
    ['node.group == fast', true],
    ['node.group == Edge', true],
    ['node.group == slow', false],
    ['node.group != edge', false],
    ['node.group != slow', true],
    ['node.platform.os == linux', true],
    ['node.platform.arch == amd64', true],
    ['node.platform.arch != arm64', true],
  ])('judges %s as %s', (text, expected) => {
    expect(admits(host, aConstraint(text))).toBe(expected);
  });
});
