import { rm } from 'node:fs/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { compareImmutable, compareResources } from '../../src/drift/compare-container.ts';
import { settingNames } from '../../src/drift/compare-settings.ts';
import { expectedContainer } from '../../src/drift/expected-container.ts';
import type { Fleet } from '../../src/fleet/fleet.ts';
import type { ContainerSpec, NetworkAttachment } from '../../src/model/container.ts';
import { noRestart } from '../../src/model/container.ts';
import { familiarReference, findImage } from '../../src/model/image.ts';
import type { ImageDefaults } from '../../src/model/observation.ts';
import { aContainer, aService } from '../support/builders.ts';
import { containerTable } from '../support/container-table.ts';
import {
  clearObserved,
  act,
  containerOf,
  createNetwork,
  fleetName,
  guardOf,
  launch,
  never,
  openTestFleet,
  reachable,
  sandboxHost,
  until,
} from '../support/engine-fleet.ts';
import { eventually } from '../support/eventually.ts';
import { shellOf } from '../support/sandbox.ts';
import { anIdentity } from '../unit/fleet/builders.ts';

const identity = anIdentity({ fleet: fleetName });
const host = sandboxHost(0);
const shell = shellOf(host);
let fleet: Fleet;

/** The next full list comes later: what is seen before it, an event has told. */
const beforeListMs = 30_000;

beforeAll(async () => {
  fleet = await openTestFleet([host]);
});

afterEach(() => clearObserved(fleet, host));

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await rm('/tmp/fleetwright-test', { recursive: true, force: true });
});

it('openFleet() observes the engine as it is', async () => {
  const { engine, images } = reachable(fleet, host);

  expect(engine).toMatchObject({ os: 'linux', apiVersion: expect.stringMatching(/^1\.\d\d$/) });
  expect(engine.cpus).toBeGreaterThan(0);
  expect(findImage(images, 'testapp:v1')?.architecture).toBe(engine.architecture);
});

describe('execute() shows what it did when it resolves:', () => {
  it('an instance from create to removal', async () => {
    const service = aService({ container: { networks: bridge }, gate: { probe: httpProbe } });
    const observe = (): ReturnType<typeof containerOf> => containerOf(fleet, host, identity);

    expect(await launch(fleet, host, identity, service)).toEqual({ kind: 'done' });
    expect(observe()).toMatchObject({ state: 'running', restart: noRestart });
    const [gate] = observe().published;
    expect(await get(`http://${host.address}:${gate?.hostPort}/`)).toContain('v1');

    const name = observe().name;
    const running = guardOf(observe(), 'running');
    const restart = { name: 'unless-stopped', maximumRetryCount: 0 } as const;
    await act(fleet, host, {
      kind: 'update-container',
      guard: running,
      name,
      restart,
      resources: null,
    });
    expect(observe().restart).toEqual(restart);

    await act(fleet, host, { kind: 'rename-container', guard: running, name, to: 'renamed' });
    expect(reachable(fleet, host).containers.map((container) => container.name)).toEqual([
      'renamed',
    ]);
    await act(fleet, host, { kind: 'rename-container', guard: running, name: 'renamed', to: name });

    await act(fleet, host, { kind: 'stop-container', guard: running, name, graceMs: null });
    expect(observe()).toMatchObject({ state: 'exited', published: [] });

    const exited = guardOf(observe(), 'exited');
    expect(await act(fleet, host, { kind: 'remove-container', guard: exited, name })).toEqual({
      kind: 'done',
    });
    expect(reachable(fleet, host).containers).toEqual([]);
    expect(await act(fleet, host, { kind: 'remove-container', guard: exited, name })).toEqual({
      kind: 'done',
      byOthers: true,
    });
  });

  it('resources, changed in place and back', async () => {
    const nothing = aContainer().resources;
    const limits = { ...nothing, memoryBytes: 64 * 2 ** 20, nanoCpus: 5e8, pids: 30 };
    await launch(fleet, host, identity, aService({ container: { resources: limits } }));
    const { name } = containerOf(fleet, host, identity);

    const more = { ...limits, memoryBytes: 256 * 2 ** 20, pids: null };
    const guard = guardOf(containerOf(fleet, host, identity), 'running');
    const outcome = await act(fleet, host, {
      kind: 'update-container',
      guard,
      name,
      restart: null,
      resources: more,
    });

    expect(outcome).toEqual({ kind: 'done' });
    expect(containerOf(fleet, host, identity).spec.resources).toEqual(more);
  });

  it('a network, its attachment healed with aliases, and its removal', async () => {
    await createNetwork(fleet, host, 'shop_front');
    await createNetwork(fleet, host, 'shop_back');
    await createNetwork(fleet, host, 'shop_back');
    expect(networkNames()).toEqual(['shop_back', 'shop_front']);
    const networks = ['shop_back', 'shop_front'].map((network) => ({ network, aliases: ['web'] }));
    await launch(fleet, host, identity, aService({ container: { networks } }));
    expect(attached()).toEqual(networks);

    const container = containerOf(fleet, host, identity);
    await shell.getNetwork('shop_back').disconnect({ Container: container.id });
    const isOff = (): boolean => containerOf(fleet, host, identity).spec.networks.length === 1;
    await until(fleet, isOff, beforeListMs);
    for (const attachment of [
      { network: 'shop_back', aliases: ['web'] },
      { network: 'shop_front', aliases: ['api', 'web'] },
    ]) {
      const { name } = container;
      const guard = guardOf(container, 'running');
      await act(fleet, host, { kind: 'connect-network', guard, name, attachment });
    }

    expect(attached()).toEqual([
      { network: 'shop_back', aliases: ['web'] },
      { network: 'shop_front', aliases: ['api', 'web'] },
    ]);

    const { name } = container;
    const guard = guardOf(container, 'running');
    const leave = { kind: 'disconnect-network', guard, name, network: 'shop_front' } as const;
    await act(fleet, host, leave);
    expect(await act(fleet, host, leave)).toEqual({ kind: 'done' });
    expect(attached().map(({ network }) => network)).toEqual(['shop_back']);
  });

  it('files, with their owners and modes, in folders that did not exist', async () => {
    const files = [
      { target: '/srv/new/a.conf', content: btoa('hello'), mode: 0o604, uid: 5, gid: 6 },
    ];
    await launch(
      fleet,
      host,
      identity,
      aService({ container: { files, networks: bridge }, gate: { probe: httpProbe } }),
    );

    const { published, id } = containerOf(fleet, host, identity);
    const at = `http://${host.address}:${published[0]?.hostPort}`;
    expect(await get(`${at}/file/srv/new/a.conf`)).toBe('hello');
    const stat: unknown = await shell.getContainer(id).infoArchive({ path: '/srv/new/a.conf' });
    expect(stat).toBeDefined();
  });

  it('a step whose guard does not hold changes nothing', async () => {
    await launch(fleet, host, identity, aService());
    const container = containerOf(fleet, host, identity);
    const { name } = container;

    const wrongState = guardOf(container, 'exited');
    const wrongSelf = { ...guardOf(container, 'running'), self: 'other' };
    const outcomes = [
      await act(fleet, host, { kind: 'remove-container', guard: wrongState, name }),
      await act(fleet, host, { kind: 'stop-container', guard: wrongSelf, name, graceMs: 0 }),
    ];

    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['skipped', 'skipped']);
    expect(containerOf(fleet, host, identity).state).toBe('running');
  });

  it('a create that is repeated adopts its own container', async () => {
    const create = { kind: 'create-container', identity, service: aService() } as const;

    const outcomes = [await act(fleet, host, create), await act(fleet, host, create)];

    expect(outcomes).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    expect(reachable(fleet, host).containers).toHaveLength(1);
  });
});

describe.each(['testapp:v1', 'testapp:rich'])(
  'right after the start nothing differs from %s and',
  (image) => {
    beforeAll(async () => {
      if (image === 'testapp:rich') await commitRichImage();
    });

    it.each(containerTable)('$name', async ({ spec }) => {
      for (const { network } of spec.networks ?? []) await createNetwork(fleet, host, network);
      const service = aService({ container: { ...spec, image } });

      expect(await launch(fleet, host, identity, service)).toEqual({ kind: 'done' });

      const observed = containerOf(fleet, host, identity).spec;
      const defaults = defaultsOf(image);
      expect(compareImmutable(service.container, observed, defaults)).toEqual([]);
      expect(compareResources(service.container.resources, observed.resources)).toEqual([]);
      const { labels, mounts, ...expected } = expectedContainer(service.container, defaults);
      const ports = new Set(expected.ports.map((port) => `${port.target}/${port.protocol}`));
      expect(withoutSettings(observed)).toEqual({
        ...expected,
        networks: expected.networks.map((network) => expect.objectContaining(network) as object),
        labels: expect.objectContaining(labels),
        mounts: expect.arrayContaining([...mounts]),
        expose: expected.expose.filter((key) => !ports.has(key)).toSorted(byNumber),
        files: [],
        restart: noRestart,
      });
    });
  },
);

it('events wake, for ours and for others', async () => {
  await launch(fleet, host, identity, aService());
  const { id } = containerOf(fleet, host, identity);

  const hasExited = (): boolean => containerOf(fleet, host, identity).state === 'exited';
  const exited = until(fleet, hasExited, beforeListMs);
  await shell.getContainer(id).kill();
  await exited;
  const seen = until(
    fleet,
    () =>
      reachable(fleet, host).unmanaged.some(
        ({ name, state }) => name === 'stranger' && state === 'running',
      ),
    beforeListMs,
  );
  const stranger = await shell.createContainer({ name: 'stranger', Image: 'testapp:v1' });
  await stranger.start();
  await seen;
  const hasNone = (): boolean => reachable(fleet, host).unmanaged.length === 0;
  const gone = until(fleet, hasNone, beforeListMs);
  await stranger.remove({ force: true });

  await gone;
});

it('a fleet at rest asks nothing', async () => {
  await launch(fleet, host, identity, aService());
  await using resting = await openTestFleet([host]);
  const before = resting.calls();

  await new Promise((resolve) => setTimeout(resolve, 3000));

  expect(resting.calls() - before).toBe(0);
});

it('evidence() gives the last lines and the output of the health check', async () => {
  await launch(fleet, host, identity, aService({ container: { image: 'testapp:unhealthy' } }));
  const isUnhealthy = (): boolean => containerOf(fleet, host, identity).health === 'unhealthy';
  await until(fleet, isUnhealthy, 60_000);
  const container = containerOf(fleet, host, identity);

  const evidence = await fleet.evidence(container.host, container.id, never);
  const { log, health } = evidence ?? { log: [], health: [] };

  expect(log[0]).toContain('listening on 8080');
  expect(health.join('\n')).toContain('500');
});

const bridge = [{ network: 'bridge', aliases: [] }];
const httpProbe = {
  kind: 'http',
  port: 8080,
  path: '/',
  intervalMs: 250,
  timeoutMs: 1000,
} as const;

/** What a container that was only just started answers, as soon as its program listens. */
async function get(url: string): Promise<string> {
  return await eventually('it listens', async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => null);
    return response === null ? null : await response.text();
  });
}

function networkNames(): readonly string[] {
  return reachable(fleet, host)
    .networks.map((network) => network.name)
    .filter((name) => name.startsWith('shop_'));
}

function defaultsOf(image: string): ImageDefaults {
  const found = findImage(reachable(fleet, host).images, familiarReference(image));
  if (found === undefined) throw new Error(`image "${image}" is not observed`);
  return found.defaults;
}

/** The engine fills settings in that nobody asked for: keys.test.ts looks at those that somebody did. */
/** The networks that it is on, without the MAC addresses that they gave out. */
function attached(): readonly NetworkAttachment[] {
  const { networks } = containerOf(fleet, host, identity).spec;
  return networks.map(({ macAddress: _given, ...attachment }) => attachment);
}

function withoutSettings(spec: ContainerSpec): object {
  const names: readonly string[] = settingNames;
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !names.includes(name)));
}

function byNumber(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10);
}

/** An image that gives a default for everything an image can. */
async function commitRichImage(): Promise<void> {
  const container = await shell.createContainer({ Image: 'testapp:v1' });
  const changes = [
    'ENTRYPOINT ["testapp"]',
    'CMD ["serve"]',
    'ENV FROM_IMAGE=1',
    'EXPOSE 9090/udp',
    'VOLUME /image-data',
    'LABEL from=image',
    'WORKDIR /tmp',
    'USER 0',
    'HEALTHCHECK --interval=7s --retries=5 CMD ["testapp","check"]',
  ];
  await container.commit({ repo: 'testapp', tag: 'rich', changes });
  await container.remove();
  await fleet.refresh(never);
}
