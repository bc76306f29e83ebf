import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Status } from '../../src/generated/status.ts';
import { AvailabilityWatch } from '../support/availability.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const gate = {
  http: { port: 8080, path: '/ready' },
  minHealthyTime: '100ms',
  healthyDeadline: '5s',
};

interface Shape {
  readonly replicas?: number;
  readonly service?: object;
  readonly update?: object;
  readonly rollout?: object;
  readonly gate?: object;
}

function shop(image: string, shape: Shape = {}): object {
  const { replicas = 4, service = {}, update = {}, rollout } = shape;
  const extension = rollout === undefined ? {} : { rollout };
  return {
    services: {
      web: {
        image,
        ...service,
        deploy: { replicas, update_config: { monitor: '300ms', ...update } },
        'x-fleetwright': { gate: { ...gate, ...shape.gate }, ...extension },
      },
    },
  };
}

describe('a rollout on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeEach(async () => {
    repository = await ConfigRepository.create('rollout-test', hosts);
    commands = new Commands(repository, credentials);
  });
  afterEach(async () => {
    await clearHosts(hosts, 'rollout-test');
    await repository[Symbol.asyncDispose]();
  });

  const containers = (): Promise<readonly ListedContainer[]> =>
    listContainers(hosts, 'rollout-test');
  const commit = async (manifest: object): Promise<string> => {
    await repository.write('shop/compose.yaml', manifest);
    return repository.commit('change');
  };
  const deploy = async (manifest: object): Promise<readonly ListedContainer[]> => {
    await commit(manifest);
    const result = await commands.sync();
    expect(result.code, result.stderr).toBe(0);
    return containers();
  };

  it.each([
    [
      'exits at once',
      shop('testapp:crash'),
      'RolledBack',
      /exited with code 1 before it was ready/,
    ],
    [
      'fails its HEALTHCHECK',
      shop('testapp:unhealthy'),
      'RolledBack',
      /HEALTHCHECK reports unhealthy|HTTP 500/,
    ],
    [
      'is not ready in time',
      shop('testapp:slow', { gate: { healthyDeadline: '2s' } }),
      'RolledBack',
      /not ready within 2 s: HTTP 503/,
    ],
    [
      'has a command that is not in its image',
      shop('testapp:v2', { service: { command: ['nothing'] } }),
      'RolledBack',
      /executable file not found/,
    ],
    [
      'crashes after its promotion, while it is watched',
      shop('testapp:v2', {
        // Late enough for a machine that has other things to do.
        service: { environment: { CRASH_AFTER_MS: '6000' } },
        update: { monitor: '30s' },
      }),
      'RolledBack',
      /was restarted/,
    ],
    ['is for another platform', shop('testapp:arm64'), 'PlatformMismatch', /linux\/arm64/],
  ])('of a revision that %s ends where it began', async (_what, manifest, reason, message) => {
    const before = await deploy(shop('testapp:v1'));
    await commit(manifest);

    const { code, status } = await commands.sync('--timeout=60s');

    expect(code).toBe(1);
    expect(stalled(status).reason).toBe(reason);
    expect(stalled(status).message).toMatch(message);
    expect(imagesOf(await containers())).toEqual(imagesOf(before));
  });

  it('v1, then v2 that fails, then v3 that fails, ends on v1, with the containers that it had', async () => {
    const before = await deploy(shop('testapp:v1'));
    await commit(shop('testapp:crash'));
    expect((await commands.sync()).code).toBe(1);
    await commit(shop('testapp:unhealthy'));

    const { code, status } = await commands.sync();

    expect(code).toBe(1);
    expect(stalled(status).reason).toBe('RolledBack');
    expect(await containers()).toEqual(before);
  });

  it('replaces an application that ignores SIGTERM after its grace', async () => {
    await deploy(shop('testapp:stubborn', { replicas: 1, service: { stop_grace_period: '1s' } }));

    const after = await deploy(shop('testapp:v2', { replicas: 1 }));

    expect(imagesOf(after)).toEqual(['testapp:v2']);
  });

  it('removes a canary that fails, and restarts none of the others', async () => {
    const rollout = { strategy: 'canary', steps: [{ replicas: 1, bake: '10s' }] };
    const before = await deploy(shop('testapp:v1', { rollout }));
    const watch = new AvailabilityWatch(hosts, 'rollout-test', 'web');
    await commit(
      shop('testapp:v2', { rollout, service: { environment: { CRASH_AFTER_MS: '1500' } } }),
    );

    const { status } = await commands.sync('--timeout=60s');
    await watch[Symbol.asyncDispose]();

    expect(stalled(status).reason).toBe('RolledBack');
    expect(await containers()).toEqual(before);
    expect(watch.lowest).toBeGreaterThanOrEqual(4);
  });

  it('waits for "promote" after its canaries, and goes back on "abort"', async () => {
    const rollout = {
      strategy: 'canary',
      steps: [{ replicas: 1, bake: '200ms' }],
      promote: 'manual',
    };
    const before = await deploy(shop('testapp:v1', { rollout }));
    await using daemon = commands.start();
    await commit(shop('testapp:v2', { rollout }));
    await awaitsPromotion();
    expect(imagesOf(await containers())).toEqual([...imagesOf(before), 'testapp:v2']);

    expect((await commands.ask('abort', 'shop')).code).toBe(0);
    await eventually('the canary gone', async () =>
      (await containers()).length === 4 ? true : null,
    );
    expect(await containers()).toEqual(before);

    await commit(shop('testapp:v3', { rollout }));
    await awaitsPromotion();
    expect((await commands.ask('promote', 'shop')).code).toBe(0);
    await eventually('v3 everywhere', async () =>
      (await commands.status()).converged ? true : null,
    );
    expect(new Set(imagesOf(await containers()))).toEqual(new Set(['testapp:v3']));
    await daemon.end('SIGTERM');
  });

  const awaitsPromotion = async (): Promise<void> => {
    await eventually('canaries that wait', async () => {
      const reason = stalledOrNull(await commands.status())?.reason;
      return reason === 'AwaitingPromotion' ? true : null;
    });
  };

  it('changes from blue to green at once, and never has fewer than asked for', async () => {
    const rollout = { strategy: 'blue-green', bake: '500ms' };
    await deploy(shop('testapp:v1', { rollout }));
    const watch = new AvailabilityWatch(hosts, 'rollout-test', 'web');

    const after = await deploy(shop('testapp:v2', { rollout }));
    await watch[Symbol.asyncDispose]();

    expect(imagesOf(after)).toEqual(Array.from({ length: 4 }, () => 'testapp:v2'));
    expect(watch.lowest).toBeGreaterThanOrEqual(4);
  });

  it('that is superseded, and superseded again, leaves no stray container', async () => {
    await deploy(shop('testapp:v1'));
    await using daemon = commands.start();
    for (const image of ['testapp:v2', 'testapp:v3', 'testapp:crash', 'testapp:v2', 'testapp:v3']) {
      await commit(shop(image, { gate: { minHealthyTime: '600ms' } }));
      // What crashes at once may have come and gone between two looks.
      const hasFailed = (): boolean =>
        image === 'testapp:crash' && daemon.log().includes('"revision failed"');
      await eventually(`${image} on its way`, async () =>
        (await containers()).some((container) => container.image === image) || hasFailed()
          ? true
          : null,
      );
    }

    await eventually('v3 everywhere', async () =>
      (await commands.status()).converged ? true : null,
    );
    await daemon.end('SIGTERM');

    const after = await containers();
    expect(after.map(({ image, slot, state }) => ({ image, slot, state }))).toEqual(
      ['1', '2', '3', '4'].map((slot) => ({ image: 'testapp:v3', slot, state: 'running' })),
    );
  });

  it('with a fixed host port is planned stop-first, with the reason and what it costs', async () => {
    const service = { ports: ['18080:8080'] };
    await deploy(shop('testapp:v1', { replicas: 1, service }));
    await commit(shop('testapp:v2', { replicas: 1, service }));

    const plan = await commands.plan();
    const text = await commands.run('plan');

    const why = 'stop-first: it publishes host port 18080, which two instances cannot share';
    expect(plan.unavailability).toEqual([
      { application: 'shop', service: 'web', desired: 1, before: 1, lowest: 0, reason: why },
    ]);
    expect(text.stdout.replaceAll(/\s+/g, ' ')).toContain(why);
    expect((await commands.sync()).code).toBe(0);
  });

  it('of one replica, start-first, never drops to 0', async () => {
    await deploy(shop('testapp:v1', { replicas: 1 }));
    const watch = new AvailabilityWatch(hosts, 'rollout-test', 'web');

    await deploy(shop('testapp:v2', { replicas: 1 }));
    await watch[Symbol.asyncDispose]();

    expect(watch.samples).toBeGreaterThan(3);
    expect(watch.lowest).toBe(1);
  });
});

function stalledOrNull(
  status: Status,
): { readonly reason: string; readonly message: string } | null {
  const conditions = status.applications[0]?.conditions ?? [];
  return conditions.find((condition) => condition.type === 'Stalled' && condition.status) ?? null;
}

function stalled(status: Status): { readonly reason: string; readonly message: string } {
  const condition = stalledOrNull(status);
  if (condition === null) throw new Error('nothing is stalled');
  return condition;
}

function imagesOf(containers: readonly ListedContainer[]): readonly string[] {
  return containers.map(({ image }) => image).toSorted();
}
