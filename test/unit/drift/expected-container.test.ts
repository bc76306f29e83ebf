import { describe, expect, it } from 'vitest';

import type { ContainerSpec, HealthcheckSpec } from '../../../src/model/container.ts';
import type { ImageDefaults } from '../../../src/model/observation.ts';
import { expectedContainer } from '../../../src/drift/expected-container.ts';
import { noDefaults } from '../../../src/model/observation.ts';
import { aContainer } from '../../support/builders.ts';

const imageCheck: HealthcheckSpec = {
  test: ['CMD', 'ready'],
  intervalMs: 5_000,
  timeoutMs: 1_000,
  startPeriodMs: null,
  startIntervalMs: null,
  retries: 2,
};
const noCheck: HealthcheckSpec = {
  test: null,
  intervalMs: null,
  timeoutMs: null,
  startPeriodMs: null,
  startIntervalMs: null,
  retries: null,
};
const image: ImageDefaults = {
  command: ['serve'],
  entrypoint: ['/init'],
  environment: { PATH: '/bin', LANG: 'C' },
  labels: { vendor: 'acme' },
  user: 'app',
  workingDir: '/srv',
  healthcheck: imageCheck,
  expose: ['8080/tcp'],
  volumes: ['/data'],
  stopSignal: 'SIGQUIT',
};

describe('expectedContainer()', () => {
  it('inherits from the image what the manifest leaves open', () => {
    expect(expectedContainer(aContainer(), image)).toMatchObject({
      command: ['serve'],
      entrypoint: ['/init'],
      environment: { PATH: '/bin', LANG: 'C' },
      labels: { vendor: 'acme' },
      user: 'app',
      workingDir: '/srv',
      healthcheck: imageCheck,
      expose: ['8080/tcp'],
      stopSignal: 'SIGQUIT',
    });
  });

  const rows: readonly [string, Partial<ContainerSpec>, Partial<ContainerSpec>][] = [
    ['a command keeps the entrypoint', { command: ['x'] }, { entrypoint: ['/init'] }],
    ["an entrypoint drops the image's command", { entrypoint: ['x'] }, { command: null }],
    ['an empty command is none', { command: [] }, { command: null }],
    ['an empty entrypoint is none', { entrypoint: [] }, { entrypoint: null }],
    [
      'a variable wins, null removes',
      { environment: { LANG: 'de', PATH: null } },
      { environment: { LANG: 'de', PATH: null } },
    ],
    ['a label wins', { labels: { vendor: 'me' } }, { labels: { vendor: 'me' } }],
    ['a user wins', { user: 'root' }, { user: 'root' }],
    ['a folder is cleaned', { workingDir: '/srv//./www/' }, { workingDir: '/srv/www' }],
    ['a stop signal wins', { stopSignal: 'SIGINT' }, { stopSignal: 'SIGINT' }],
    ['ports are united', { expose: ['53/udp'] }, { expose: ['53/udp', '8080/tcp'] }],
  ];

  it.each(rows)('%s', (_name, facts, expected) => {
    expect(expectedContainer(aContainer(facts), image)).toMatchObject(expected);
  });

  it('merges a health check field by field', () => {
    const healthcheck = { ...noCheck, intervalMs: 9_000 };

    const expected = { ...imageCheck, intervalMs: 9_000 };
    expect(expectedContainer(aContainer({ healthcheck }), image).healthcheck).toEqual(expected);
  });

  it('lets a disabled health check inherit nothing', () => {
    const healthcheck = { ...noCheck, test: ['NONE'] };

    expect(expectedContainer(aContainer({ healthcheck }), image).healthcheck).toEqual(healthcheck);
  });

  it('takes the empty defaults of a bare image for not set', () => {
    const expected = { user: null, workingDir: null, stopSignal: null, command: null };

    expect(expectedContainer(aContainer(), noDefaults)).toMatchObject(expected);
  });
});
