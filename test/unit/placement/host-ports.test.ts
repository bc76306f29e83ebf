import { describe, expect, it } from 'vitest';

import { collides, fixedHostPorts, foreignHolder } from '../../../src/placement/host-ports.ts';
import { aContainer, aForeignContainer } from '../../support/builders.ts';

function tcp(hostIp: string, port: number): Parameters<typeof collides>[0] {
  return { protocol: 'tcp', hostIp, port };
}

describe('fixedHostPorts()', () => {
  it.each([
    ['8080', [tcp('', 8080)]],
    ['', []],
    ['0', []],
    ['8000-8010', []],
  ])('claims for "%s" %j', (published, expected) => {
    const ports = [{ target: 80, protocol: 'tcp', hostIp: '', published }] as const;

    expect(fixedHostPorts(aContainer({ ports }))).toEqual(expected);
  });
});

describe('collides()', () => {
  it.each([
    ['one address', tcp('10.0.0.1', 80), tcp('10.0.0.1', 80), true],
    ['two addresses', tcp('10.0.0.1', 80), tcp('10.0.0.2', 80), false],
    ['all addresses and one', tcp('', 80), tcp('10.0.0.2', 80), true],
    ['one and 0.0.0.0', tcp('10.0.0.2', 80), tcp('0.0.0.0', 80), true],
    ['one and ::', tcp('10.0.0.2', 80), tcp('::', 80), true],
    ['two ports', tcp('', 80), tcp('', 81), false],
    ['two protocols', tcp('', 80), { ...tcp('', 80), protocol: 'udp' }, false],
  ])('judges %s', (_name, a, b, expected) => {
    expect(collides(a, b)).toBe(expected);
    expect(collides(b, a)).toBe(expected);
  });
});

describe('foreignHolder()', () => {
  const others = [aForeignContainer('idle'), aForeignContainer('nginx', [80, 443])];

  it('names the container and the port', () => {
    expect(foreignHolder([tcp('', 443)], others)).toEqual({
      container: 'nginx',
      port: tcp('', 443),
    });
  });

  it('finds nobody for a port that is free', () => {
    expect(foreignHolder([tcp('', 8080)], others)).toBeNull();
  });
});
