import type { ObservedImage, ReachableHost } from '../../src/model/observation.ts';
import { noDefaults } from '../../src/model/observation.ts';
import { aReachableHost } from './builders.ts';

/** A digest that is told from others by one hexadecimal digit. */
export function aDigest(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

/** An image that was pulled as `registry:5000/app:latest` when the tag meant this digest. */
export function aPulledImage(digit: string, facts: Partial<ObservedImage> = {}): ObservedImage {
  return {
    id: `sha256:config-${digit}`,
    tags: ['registry:5000/app:latest'],
    digests: [`registry:5000/app@${aDigest(digit)}`],
    os: 'linux',
    architecture: 'amd64',
    defaults: noDefaults,
    ...facts,
  };
}

export function aHostWith(name: string, ...images: readonly ObservedImage[]): ReachableHost {
  return aReachableHost(name, { images });
}
