import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { edgeManifest, IngressFleet } from '../support/ingress-fleet.ts';
import { caddyImage, loadProxyImage } from '../support/proxy-image.ts';
import { sharedSandbox } from '../support/sandbox.ts';

/** What is updated gets no second chance: a request that comes to nobody, or is cut off, has failed. */
const proxyConfiguration = {
  admin: { listen: '127.0.0.1:2019' },
  apps: {
    http: {
      servers: {
        web: {
          listen: [':8000'],
          automatic_https: { disable: true },
          routes: [
            {
              match: [{ path: ['/proxy'] }],
              handle: [{ handler: 'static_response', status_code: 200 }],
              terminal: true,
            },
            {
              handle: [
                {
                  '@id': 'fleetwright',
                  handler: 'subroute',
                  routes: [{ '@id': 'shop:web', handle: [{ handler: 'reverse_proxy' }] }],
                },
              ],
            },
          ],
        },
      },
    },
  },
};

function edge(): object {
  const service = {
    image: caddyImage,
    sysctls: { 'net.ipv4.tcp_migrate_req': '1' },
    configs: [{ source: 'proxy', target: '/etc/caddy/caddy.json' }],
  };
  return { configs: { proxy: { file: './caddy.json' } }, ...edgeManifest('caddy', service) };
}

describe('requests through Caddy, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let fleet: IngressFleet;

  beforeAll(async () => {
    await loadProxyImage(hosts.slice(0, 2), 'caddy');
    fleet = await IngressFleet.start({
      hosts,
      credentials,
      fleet: 'caddy-test',
      replicas: 3,
      ingress: { driver: 'caddy', service: 'edge/caddy' },
      files: {
        'edge/caddy.json': JSON.stringify(proxyConfiguration),
        'edge/compose.yaml': edge(),
      },
    });
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  it('loses none in a rolling update', async () => {
    await fleet.writeShop('testapp:v2', 3);
    await fleet.land('v2');

    expect(fleet.load.failures).toEqual([]);
    await fleet.isAnswered('v2');
  });

  it('loses none when a broken version is rolled back', async () => {
    await fleet.writeShop('testapp:unhealthy', 3);
    await fleet.land('broken', 'RolledBack');

    expect(fleet.load.failures).toEqual([]);
    expect(fleet.load.takeVersions()).not.toContain('unhealthy');
  });

  it('loses none when replicas are taken away and a host is drained', async () => {
    const [, , third] = hosts;
    await fleet.writeShop('testapp:v2', 2);
    await fleet.writeFleet([third?.name ?? '']);
    await fleet.land('2 replicas on 2 hosts');

    const left = await fleet.shops();
    expect(left).toHaveLength(2);
    expect(left.filter(({ host }) => host === third?.name)).toEqual([]);
    expect(fleet.load.failures).toEqual([]);
  });

  it('tells a proxy that was started anew all that it has forgotten', async () => {
    expect(await fleet.restartProxy()).toEqual([]);
  });
});
