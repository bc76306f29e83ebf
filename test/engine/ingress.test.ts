import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Entry, History } from '../../src/generated/history.ts';
import type { Status } from '../../src/generated/status.ts';
import type { Daemon, Watch } from '../support/command-line.ts';
import { Commands, fleetwright } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { askSite } from '../support/ask-site.ts';
import { eventually } from '../support/eventually.ts';
import { openEvents, openSocket } from '../support/open-stream.ts';
import { loadProxyImage, proxyImage } from '../support/proxy-image.ts';
import { ConstantLoad } from '../support/constant-load.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleet = 'ingress-test';
const site = 'shop.example.com';
const frailSite = 'frail.example.com';
const streamSite = 'stream.example.com';
const liarSite = 'liar.example.com';
const drainMs = 3_000;
/** Far more than it takes where nothing else runs. */
const patienceMs = 180_000;

/** What is updated gets no second chance: a request that comes to nobody, or is cut off, has failed. */
const proxyConfiguration = `
global
  stats socket ipv4@127.0.0.1:9999 level admin
defaults ingress
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  retries 0
frontend web from ingress
  bind :8000
  monitor-uri /proxy
  http-request set-var(txn.path) path
  http-request set-var(txn.route) req.hdr(host),field(1,:),lower,concat(,txn.path,/)
  use_backend %[var(txn.route),map_beg(/etc/haproxy/routes.map)]
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
  balance roundrobin
`;

const edge = {
  configs: { proxy: { file: './haproxy.cfg' }, routes: { content: '# told at run time\n' } },
  services: {
    haproxy: {
      image: proxyImage,
      ports: ['8000:8000'],
      configs: [
        { source: 'proxy', target: '/etc/haproxy/haproxy.cfg' },
        { source: 'routes', target: '/etc/haproxy/routes.map' },
      ],
      deploy: {
        mode: 'global',
        placement: { constraints: ['node.labels.zone != c'] },
        update_config: { monitor: '200ms' },
      },
      'x-fleetwright': {
        gate: { http: { port: 8000, path: '/proxy' }, minHealthyTime: '100ms' },
      },
    },
  },
};

function manifest(image: string, replicas: number, host = site, drainTimeout = '10s'): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas, update_config: { parallelism: 3, monitor: '200ms' } },
        'x-fleetwright': {
          gate: {
            http: { port: 8080, path: '/ready' },
            minHealthyTime: '100ms',
            healthyDeadline: '10s',
          },
          expose: {
            host,
            port: 8080,
            drainTimeout,
            ...(host === site ? { proof: { interval: '100ms' } } : {}),
          },
        },
      },
    },
  };
}

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
  return manifest(image, 1, streamSite, `${drainMs}ms`);
}

describe('requests through proxies, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  const addresses = hosts.slice(0, 2).map(({ address }) => address);
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon;
  let watch: Watch<Status>;
  let load: ConstantLoad;

  const writeFleet = async (draining: readonly string[], ingress: object = {}): Promise<void> => {
    const file = {
      name: fleet,
      ingress: { driver: 'haproxy', service: 'edge/haproxy', ...ingress },
      hosts: hosts.map(({ name, endpoint, address }, index) => ({
        name,
        endpoint,
        address,
        labels: { zone: String.fromCodePoint(97 + index) },
        drain: draining.includes(name),
      })),
    };
    await repository.write('fleet.yaml', file);
  };

  beforeAll(async () => {
    await loadProxyImage(hosts);
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
    await writeFleet([]);
    await repository.write('edge/haproxy.cfg', proxyConfiguration);
    await repository.write('edge/compose.yaml', edge);
    await repository.write('shop/compose.yaml', manifest('testapp:v1', 6));
    await repository.write('frail/compose.yaml', manifest('testapp:v1', 3, frailSite));
    await repository.write('stream/compose.yaml', streamManifest('testapp:v1'));
    await repository.write('liar/compose.yaml', liar(''));
    await repository.commit('v1');
    const { code, stderr, status } = await commands.sync('--timeout=120s');
    expect(code, `${stderr}\n${JSON.stringify(status, null, 1)}`).toBe(0);
    load = new ConstantLoad({ addresses, port: 8000, host: site });
    daemon = commands.start('--poll-interval=1s');
    watch = commands.watch();
  });
  afterAll(async () => {
    await load[Symbol.asyncDispose]();
    await watch[Symbol.asyncDispose]();
    await daemon[Symbol.asyncDispose]();
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  /** Commits what was written, and waits until the daemon has nothing left to do about it. */
  const land = async (what: string, reason = 'Converged', name = 'shop'): Promise<void> => {
    const commit = await repository.commit(what);
    await eventually(
      `${what} is through`,
      async () => {
        const last = watch.documents().at(-1);
        const own = last?.applications.find(({ application }) => application === name);
        const isThrough =
          reason === 'Converged'
            ? last?.converged === true
            : own?.conditions.some((one) => one.type === 'Ready' && one.reason === reason);
        const found = await listContainers(hosts, fleet);
        const isClean = found.every(({ state }) => state === 'running');
        return last?.revision.commit === commit && isThrough === true && isClean ? true : null;
      },
      patienceMs,
    );
  };

  /** What the history says of the last of these. */
  const lastOf = async (application: string, kind: Entry['kind']): Promise<Entry | undefined> => {
    const state = `--state=${repository.beside('state')}`;
    const { stdout } = await fleetwright('history', application, state, '--output=json');
    return (JSON.parse(stdout) as History).entries.find((entry) => entry.kind === kind);
  };

  it('loses none in a rolling update, and can prove it', async () => {
    await repository.write('shop/compose.yaml', manifest('testapp:v2', 6));
    await land('v2');

    expect(load.failures).toEqual([]);
    const proof = (await lastOf('shop', 'rollout-succeeded'))?.proof;
    expect(proof).toMatchObject({ failed: 0, failures: [] });
    expect(proof?.requests).toBeGreaterThan(0);
    load.takeVersions();
    await eventually('answers', async () => (load.takeVersions().has('v2') ? true : null));
  });

  it('loses none when a broken version is rolled back', async () => {
    await repository.write('shop/compose.yaml', manifest('testapp:unhealthy', 6));
    await land('broken', 'RolledBack');

    expect(load.failures).toEqual([]);
    expect(load.takeVersions()).not.toContain('unhealthy');
  });

  it('loses none when replicas are taken away and given back', async () => {
    await repository.write('shop/compose.yaml', manifest('testapp:v2', 2));
    await land('2 replicas');
    expect((await listContainers(hosts, fleet)).filter(isShop)).toHaveLength(2);
    await repository.write('shop/compose.yaml', manifest('testapp:v2', 6));
    await land('6 replicas');

    expect(load.failures).toEqual([]);
  });

  it('goes back when requests fail though the gate is passed, and says which', async () => {
    await repository.write('liar/compose.yaml', liar('fail'));
    await land('a liar', 'RolledBack', 'liar');

    const failed = await lastOf('liar', 'rollout-failed');
    expect(failed?.message).toMatch(
      /^RequestsFailed: \d+ of \d+ requests failed.*first: HTTP 500 at http:\S+:8000/,
    );
    expect(failed?.proof?.failures[0]).toMatchObject({ service: 'web', reason: 'HTTP 500' });
    expect((await lastOf('liar', 'rolled-back'))?.proof?.requests).toBeGreaterThan(0);
    await repository.write('liar/compose.yaml', liar(''));
    await land('the truth');
  });

  it('loses none when a host is drained', async () => {
    const [, , third] = hosts;
    await writeFleet([third?.name ?? '']);
    await land('drain');

    const left = (await listContainers(hosts, fleet)).filter(({ host }) => host === third?.name);
    expect(left).toEqual([]);
    expect(load.failures).toEqual([]);
  });

  it('loses none when the daemon is killed in the middle of an update', async () => {
    await repository.write('shop/compose.yaml', manifest('testapp:v3', 6));
    const before = load.sent;
    await repository.commit('v3');
    await eventually('it has begun', async () => {
      const found = await listContainers(hosts, fleet);
      return found.some(({ image }) => image === 'testapp:v3') ? true : null;
    });
    await daemon.end('SIGKILL');
    daemon = commands.start('--poll-interval=1s');
    await land('v3, after the daemon was killed');

    expect(load.failures).toEqual([]);
    expect(load.sent).toBeGreaterThan(before);
    const proof = (await lastOf('shop', 'rollout-succeeded'))?.proof;
    expect(proof).toMatchObject({ failed: 0, failures: [] });
    // Nobody sent any before the next one was there.
    expect(proof?.unwatchedMs).toBeGreaterThan(0);
    load.takeVersions();
    await eventually('answers', async () => (load.takeVersions().has('v3') ? true : null));
  });

  it('stops nothing as long as no proxy can be asked, says so, and goes on when they answer', async () => {
    await writeFleet([], { command: ['false'] });
    await repository.write('shop/compose.yaml', manifest('testapp:v1', 6));
    const commit = await repository.commit('v1, and proxies that nobody can ask');
    const isSaid = async (): Promise<true | null> => {
      const last = watch.documents().at(-1);
      const own = last?.applications.find(({ application }) => application === 'shop');
      const stalled = own?.conditions.find(({ type }) => type === 'Stalled');
      return last?.revision.commit === commit && stalled?.reason === 'ProxyUnreachable'
        ? true
        : null;
    };
    await eventually('it is said', isSaid, patienceMs);
    const kept = (await listContainers(hosts, fleet)).filter(
      (one) => isShop(one) && one.image === 'testapp:v3' && one.state === 'running',
    );
    expect(kept).toHaveLength(6);

    await writeFleet([]);
    await land('proxies that can be asked');

    expect(load.failures).toEqual([]);
    const images = (await listContainers(hosts, fleet)).filter(isShop).map(({ image }) => image);
    expect(images).toEqual(Array(6).fill('testapp:v1'));
  });

  it('lets a stream of events and a WebSocket go on for the drain timeout, and no longer', async () => {
    const [address = ''] = addresses;
    const target = { address, port: 8000, host: streamSite };
    const streams = [await openEvents(target), await openSocket(target)];
    const isHeard = async (): Promise<true | null> =>
      streams.every(({ heard }) => heard.includes('v1')) ? true : null;
    await eventually('both say something', isHeard);

    await repository.write('stream/compose.yaml', streamManifest('testapp:v2'));
    await repository.commit('v2 of what streams');
    let askedOldAt = 0;
    await eventually('both have ended', async () => {
      const askedAt = performance.now();
      if ((await askSite(target)) === 'v1') askedOldAt = askedAt;
      return streams.every(({ endedAt }) => endedAt !== null) ? true : null;
    });
    await land('nothing more');

    expect(askedOldAt).toBeGreaterThan(0);
    for (const { heardAt, endedAt } of streams) {
      expect((endedAt ?? 0) - askedOldAt).toBeGreaterThanOrEqual(drainMs);
      // It was no silent connection that was kept.
      expect((heardAt ?? 0) - askedOldAt).toBeGreaterThanOrEqual(drainMs - 1_000);
    }
    expect(load.failures).toEqual([]);
  });

  it('loses no more than what an instance had when that is killed', async () => {
    const all = await listContainers(hosts, fleet);
    const victim = all.find(({ application }) => application === 'frail');
    const host = hosts.find(({ name }) => name === victim?.host);
    if (victim === undefined || host === undefined) throw new Error('there is no instance');
    await using other = new ConstantLoad({ addresses, port: 8000, host: frailSite });
    await eventually('answers', async () => (other.takeVersions().has('v1') ? true : null));
    const { State } = await shellOf(host).getContainer(victim.id).inspect();
    const { open } = other;
    process.kill(State.Pid, 'SIGKILL');
    await eventually('it runs again', async () => {
      const { State: now } = await shellOf(host).getContainer(victim.id).inspect();
      return now.Running && now.Pid !== State.Pid ? true : null;
    });
    await land('nothing');

    expect(other.failures.length, other.failures.join('\n')).toBeLessThanOrEqual(open);
    expect(load.failures).toEqual([]);
  });

  it('tells a proxy that was started anew all that it has forgotten', async () => {
    const [, host] = hosts;
    const all = await listContainers(hosts, fleet);
    const proxy = all.find((one) => one.application === 'edge' && one.host === host?.name);
    if (host === undefined || proxy === undefined) throw new Error('there is no proxy');
    // Its own requests are lost with it: who comes in through the other one notices nothing.
    await load[Symbol.asyncDispose]();
    const [first = '', second = ''] = addresses;
    await using beside = new ConstantLoad({ addresses: [first], port: 8000, host: site });
    await shellOf(host).getContainer(proxy.id).restart({ t: 0 });
    await using through = new ConstantLoad({ addresses: [second], port: 8000, host: site });
    await eventually('answers', async () => (through.takeVersions().size > 0 ? true : null));

    expect(beside.failures).toEqual([]);
  });
});

function isShop({ application }: { readonly application: string }): boolean {
  return application === 'shop';
}
