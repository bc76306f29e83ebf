import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { askSite } from '../support/ask-site.ts';
import { eventually } from '../support/eventually.ts';
import { haproxyConfiguration, haproxyEdge } from '../support/haproxy-edge.ts';
import { IngressFleet, shopManifest } from '../support/ingress-fleet.ts';
import { openEvents, openSocket } from '../support/open-stream.ts';
import { loadProxyImage } from '../support/proxy-image.ts';
import { sharedSandbox, shellOf } from '../support/sandbox.ts';

const frailSite = 'frail.example.com';
const streamSite = 'stream.example.com';
const liarSite = 'liar.example.com';
const drainMs = 3_000;

/** What is updated gets no second chance: a request that comes to nobody, or is cut off, has failed. */
const proxyConfiguration = haproxyConfiguration({
  retries: `
  retries 0`,
  backends: `
backend shop:web from ingress
  balance roundrobin
backend frail:web from ingress
  balance roundrobin
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response
backend stream:web from ingress
  balance roundrobin
backend liar:web from ingress
  balance roundrobin`,
});

/** Its gate asks whether it listens, and its requests whether it is well. */
function liar(health: string): object {
  const proof = { interval: '100ms', path: '/healthz', onFailure: 'fail' };
  return {
    services: {
      web: {
        image: 'testapp:v1',
        environment: { HEALTH: health },
        deploy: { replicas: 2, update_config: { monitor: '200ms' } },
        'x-fleetwright': {
          gate: { tcp: { port: 8080 }, minHealthyTime: '100ms' },
          expose: { host: liarSite, port: 8080, proof },
        },
      },
    },
  };
}

function streamManifest(image: string): object {
  return shopManifest(image, 1, streamSite, `${drainMs}ms`);
}

describe('requests through proxies, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let fleet: IngressFleet;

  beforeAll(async () => {
    await loadProxyImage(hosts);
    fleet = await IngressFleet.start({
      hosts,
      credentials,
      fleet: 'ingress-test',
      replicas: 6,
      ingress: { driver: 'haproxy', service: 'edge/haproxy' },
      files: {
        'edge/haproxy.cfg': proxyConfiguration,
        'edge/compose.yaml': haproxyEdge(),
        'frail/compose.yaml': shopManifest('testapp:v1', 3, frailSite),
        'stream/compose.yaml': streamManifest('testapp:v1'),
        'liar/compose.yaml': liar(''),
      },
    });
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  it('loses none in a rolling update, and can prove it', async () => {
    await fleet.writeShop('testapp:v2', 6);
    await fleet.land('v2');

    expect(fleet.load.failures).toEqual([]);
    const proof = (await fleet.lastOf('shop', 'rollout-succeeded'))?.proof;
    expect(proof).toMatchObject({ failed: 0, failures: [] });
    expect(proof?.requests).toBeGreaterThan(0);
    await fleet.isAnswered('v2');
  });

  it('loses none when a broken version is rolled back', async () => {
    await fleet.writeShop('testapp:unhealthy', 6);
    await fleet.land('broken', 'RolledBack');

    expect(fleet.load.failures).toEqual([]);
    expect(fleet.load.takeVersions()).not.toContain('unhealthy');
  });

  it('loses none when replicas are taken away and given back', async () => {
    await fleet.writeShop('testapp:v2', 2);
    await fleet.land('2 replicas');
    expect(await fleet.shops()).toHaveLength(2);
    await fleet.writeShop('testapp:v2', 6);
    await fleet.land('6 replicas');

    expect(fleet.load.failures).toEqual([]);
  });

  it('goes back when requests fail though the gate is passed, and says which', async () => {
    await fleet.repository.write('liar/compose.yaml', liar('fail'));
    await fleet.land('a liar', 'RolledBack', 'liar');

    const failed = await fleet.lastOf('liar', 'rollout-failed');
    expect(failed?.message).toMatch(
      /^RequestsFailed: \d+ of \d+ requests failed.*first: HTTP 500 at http:\S+:8000/,
    );
    expect(failed?.proof?.failures[0]).toMatchObject({ service: 'web', reason: 'HTTP 500' });
    expect((await fleet.lastOf('liar', 'rolled-back'))?.proof?.requests).toBeGreaterThan(0);
    await fleet.repository.write('liar/compose.yaml', liar(''));
    await fleet.land('the truth');
  });

  it('loses none when a host is drained', async () => {
    const [, , third] = hosts;
    await fleet.writeFleet([third?.name ?? '']);
    await fleet.land('drain');

    const left = (await fleet.containers()).filter(({ host }) => host === third?.name);
    expect(left).toEqual([]);
    expect(fleet.load.failures).toEqual([]);
  });

  it('loses none when the daemon is killed in the middle of an update', async () => {
    await fleet.writeShop('testapp:v3', 6);
    const before = fleet.load.sent;
    await fleet.repository.commit('v3');
    await eventually('it has begun', async () => {
      const found = await fleet.containers();
      return found.some(({ image }) => image === 'testapp:v3') ? true : null;
    });
    await fleet.replaceDaemon();
    await fleet.land('v3, after the daemon was killed');

    expect(fleet.load.failures).toEqual([]);
    expect(fleet.load.sent).toBeGreaterThan(before);
    const proof = (await fleet.lastOf('shop', 'rollout-succeeded'))?.proof;
    expect(proof).toMatchObject({ failed: 0, failures: [] });
    // Nobody sent any before the next one was there.
    expect(proof?.unwatchedMs).toBeGreaterThan(0);
    await fleet.isAnswered('v3');
  });

  it('stops nothing as long as no proxy can be asked, says so, and goes on when they answer', async () => {
    await fleet.writeFleet([], { command: ['false'] });
    await fleet.writeShop('testapp:v1', 6);
    await fleet.landStalled('v1, and proxies that nobody can ask', 'ProxyUnreachable');
    const kept = (await fleet.shops()).filter(
      ({ image, state }) => image === 'testapp:v3' && state === 'running',
    );
    expect(kept).toHaveLength(6);

    await fleet.writeFleet([]);
    await fleet.land('proxies that can be asked');

    expect(fleet.load.failures).toEqual([]);
    const images = (await fleet.shops()).map(({ image }) => image);
    expect(images).toEqual(Array(6).fill('testapp:v1'));
  });

  it('lets a stream of events and a WebSocket go on for the drain timeout, and no longer', async () => {
    const [first] = hosts;
    const target = { address: first?.address ?? '', port: 8000, host: streamSite };
    const streams = [await openEvents(target), await openSocket(target)];
    const isHeard = async (): Promise<true | null> =>
      streams.every(({ heard }) => heard.includes('v1')) ? true : null;
    await eventually('both say something', isHeard);

    await fleet.repository.write('stream/compose.yaml', streamManifest('testapp:v2'));
    await fleet.repository.commit('v2 of what streams');
    let askedOldAt = 0;
    await eventually('both have ended', async () => {
      const askedAt = performance.now();
      if ((await askSite(target)) === 'v1') askedOldAt = askedAt;
      return streams.every(({ endedAt }) => endedAt !== null) ? true : null;
    });
    await fleet.land('nothing more');

    expect(askedOldAt).toBeGreaterThan(0);
    for (const { heardAt, endedAt } of streams) {
      expect((endedAt ?? 0) - askedOldAt).toBeGreaterThanOrEqual(drainMs);
      // It was no silent connection that was kept.
      expect((heardAt ?? 0) - askedOldAt).toBeGreaterThanOrEqual(drainMs - 1_000);
    }
    expect(fleet.load.failures).toEqual([]);
  });

  it('loses no more than what an instance had when that is killed', async () => {
    const all = await fleet.containers();
    const victim = all.find(({ application }) => application === 'frail');
    const host = hosts.find(({ name }) => name === victim?.host);
    if (victim === undefined || host === undefined) throw new Error('there is no instance');
    await using other = fleet.loadTo(frailSite);
    await eventually('answers', async () => (other.takeVersions().has('v1') ? true : null));
    const { State } = await shellOf(host).getContainer(victim.id).inspect();
    const { open } = other;
    process.kill(State.Pid, 'SIGKILL');
    await eventually('it runs again', async () => {
      const { State: now } = await shellOf(host).getContainer(victim.id).inspect();
      return now.Running && now.Pid !== State.Pid ? true : null;
    });
    await fleet.land('nothing');

    expect(other.failures.length, other.failures.join('\n')).toBeLessThanOrEqual(open);
    expect(fleet.load.failures).toEqual([]);
  });

  it('tells a proxy that was started anew all that it has forgotten', async () => {
    expect(await fleet.restartProxy()).toEqual([]);
  });
});
