import { expect, it } from 'vitest';

import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type { ProxyGroup } from '../../../src/model/traffic.ts';
import { openRouter } from '../../../src/traffic/open-router.ts';
import { origin } from '../../support/builders.ts';

const proxy = { host: toHostName('eu-1'), container: toContainerId('c1') };
const endpoint = { backend: 'shop:web', name: 'eu-1:web:abc', address: '192.0.2.1', port: 80 };
/** Deeper than a stack. */
const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
const odd = `{"@id":"shop:web","handle":[{"handler":"reverse_proxy","x":${deep}}]}`;
const output = Buffer.from(
  ['HTTP/1.1 200 OK', '', `[${odd}]`, 'HTTP/1.1 200 OK', '', '[]'].join('\r\n'),
);
const refused = new Error('no\nway');

it.each<[ProxyGroup['driver'], string, RegExp]>([
  ['caddy', 'says what is deeper than a stack', /^what it says cannot be read: Maximum call stack/],
  ['caddy', 'cannot be asked', /^what it says cannot be read: no way$/],
  ['haproxy', 'cannot be asked', /^what it says cannot be read: no way$/],
])('a proxy, %s, that %s ends nothing', async (driver, what, reason) => {
  const fleet = {
    ask: async () => {
      if (what === 'cannot be asked') throw refused;
      return { exitCode: 0, output };
    },
  };
  const service = { application: 'edge', service: 'proxy', command: ['nc'], routes: '/r', origin };
  const router = openRouter(fleet, { role: 'ingress', driver, ...service });

  const changes = [{ kind: 'admit-endpoint', endpoint } as const];
  expect(await router.ask(proxy, changes, new AbortController().signal)).toMatch(reason);
});
