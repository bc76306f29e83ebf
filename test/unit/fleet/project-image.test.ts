import { expect, it } from 'vitest';

import { projectImage, projectImageFacts } from '../../../src/fleet/project-image.ts';
import { recordedImage } from './builders.ts';

it('projectImageFacts() gives the defaults that a container inherits', () => {
  const facts = projectImageFacts(recordedImage());

  expect(facts).toMatchObject({ os: 'linux', architecture: 'amd64' });
  expect(facts.defaults).toEqual({
    command: null,
    entrypoint: ['testapp'],
    environment: { DROP: 'x', PATH: '/bin', VERSION: 'rich' },
    labels: { from: 'image' },
    user: '0',
    workingDir: '/tmp',
    healthcheck: {
      test: ['CMD', 'testapp', 'check'],
      intervalMs: 7000,
      timeoutMs: null,
      startPeriodMs: null,
      startIntervalMs: null,
      retries: 5,
    },
    expose: ['8080/tcp', '9090/udp'],
    volumes: ['/data'],
    stopSignal: '',
  });
});

it('projectImage() leaves out the names that are none', () => {
  const facts = projectImageFacts(recordedImage());

  const image = projectImage(facts, {
    Id: facts.id,
    RepoTags: ['b:1', '<none>:<none>', 'a:1'],
    RepoDigests: null,
  });

  expect(image).toMatchObject({ tags: ['a:1', 'b:1'], digests: [] });
});
