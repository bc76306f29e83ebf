import { describe, expect, it } from 'vitest';

import { loadApplication, loadFiles } from '../../support/load-files.ts';

const manifest = `
services:
  web: { image: x, depends_on: { debug: { condition: service_started, required: false } } }
  debug: { image: x, profiles: [dev, test] }
  load: { image: x, profiles: [test] }
`;

describe('profiles', () => {
  it.each([
    ['', ['web']],
    ['other', ['web']],
    ['dev', ['debug', 'web']],
    ['test', ['debug', 'load', 'web']],
    ['other, dev', ['debug', 'web']],
    ['*', ['debug', 'load', 'web']],
  ])('COMPOSE_PROFILES="%s" runs %j', (active, expected) => {
    const { services } = loadApplication(manifest, {
      'shop/.env': `COMPOSE_PROFILES="${active}"\n`,
    });

    expect(services.map(({ name }) => name)).toEqual(expected);
  });

  it('may be activated for the fleet', () => {
    const { applications } = loadFiles({
      'fleet.yaml':
        'name: prod\nhosts: [{ name: a, endpoint: "unix:///run/docker.sock" }]\nvariables: { COMPOSE_PROFILES: dev }\n',
      'shop/compose.yaml': manifest,
    });

    expect(applications[0]?.services.map(({ name }) => name)).toEqual(['debug', 'web']);
  });
});
