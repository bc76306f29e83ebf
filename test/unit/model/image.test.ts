import { describe, expect, it } from 'vitest';

import { familiarReference, findImage } from '../../../src/model/image.ts';
import type { ObservedImage } from '../../../src/model/observation.ts';
import { noDefaults } from '../../../src/model/observation.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('familiarReference()', () => {
  it.each([
    ['nginx', 'nginx:latest'],
    ['docker.io/library/nginx:1', 'nginx:1'],
    ['index.docker.io/library/nginx', 'nginx:latest'],
    ['docker.io/acme/web:2', 'acme/web:2'],
    ['library/nginx:1', 'nginx:1'],
    ['registry.example.com:5000/web', 'registry.example.com:5000/web:latest'],
    ['registry.example.com/library/web:1', 'registry.example.com/library/web:1'],
    [`nginx@${digest}`, `nginx@${digest}`],
  ])('makes of %s %s', (reference, familiar) => {
    expect(familiarReference(reference)).toBe(familiar);
    expect(familiarReference(familiar)).toBe(familiar);
  });
});

function image(id: string, tags: readonly string[], digests: readonly string[]): ObservedImage {
  return { id, tags, digests, os: 'linux', architecture: 'amd64', defaults: noDefaults };
}

describe('findImage()', () => {
  const images = [
    image('a', ['nginx:1', 'nginx:latest'], [`nginx@${digest}`]),
    image('b', ['registry.example.com:5000/web:2'], []),
    image('c', [], [`registry.example.com:5000/web@${digest}`]),
  ];

  it.each([
    ['nginx', 'a'],
    ['docker.io/library/nginx:1', 'a'],
    ['nginx:2', undefined],
    ['registry.example.com:5000/web:2', 'b'],
    [`docker.io/nginx@${digest}`, 'a'],
    [`nginx:9@${digest}`, 'a'],
    [`registry.example.com:5000/web@${digest}`, 'c'],
    [`registry.example.com:5000/web:7@${digest}`, 'c'],
    [`nginx@sha256:${'b'.repeat(64)}`, undefined],
  ])('finds %s as %s', (reference, id) => {
    expect(findImage(images, reference)?.id).toBe(id);
  });
});
