import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { ReachableHost, UnmanagedContainer } from '../../../src/model/observation.ts';
import type { StepFailure } from '../../../src/model/step.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { FailedStep, World } from '../../../src/rollout/world.ts';
import {
  aForeignContainer,
  anApplication,
  aReachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { commit, decisionOf, edit, kinds, run, running, seeing, stalledBy } from './scenario.ts';

const origin = { file: 'apps/shop/compose.yaml', line: 20, column: 3 };
const front = {
  name: 'shop_front',
  external: false,
  driver: 'bridge',
  internal: false,
  driverOpts: {},
  labels: {},
  origin,
};

function shop(
  tag: string,
  facts: ServiceFacts = {},
  more: Partial<ApplicationSpec> = {},
): readonly ApplicationSpec[] {
  const container = { image: `testapp:${tag}`, ...facts.container };
  return [anApplication([aService({ replicas: 3, ...facts, container })], more)];
}

const before = run(aWorld(shop('v1'))).world;

function hostOf(world: World, name: string): ReachableHost {
  const host = world.observations.get(toHostName(name));
  return host?.kind === 'reachable' ? host : aReachableHost(name);
}

function withoutImage(world: World, name: string, tag: string): World {
  const host = hostOf(world, name);
  const images = host.images.filter(({ tags }) => !tags.includes(`testapp:${tag}`));
  return seeing(world, { ...host, images });
}

function failedStep(failure: Partial<StepFailure>, facts: Partial<FailedStep> = {}): FailedStep {
  return {
    action: 'pull-image',
    hash: '',
    failure: { class: 'infrastructure', reason: 'RegistryUnavailable', message: 'no', ...failure },
    attempts: 1,
    retryAt: Number.MAX_SAFE_INTEGER,
    ...facts,
  };
}

it('an engine that is too old for a key stops the rollout before anything is touched', () => {
  const annotated = shop('v2', { container: { annotations: { 'org.example.a': '1' } } });
  const { engine } = hostOf(before, 'host-2');
  const old = { ...hostOf(before, 'host-2'), engine: { ...engine, apiVersion: '1.41' } };
  const others = ['host-1', 'host-3'].map((name) => {
    const host = hostOf(before, name);
    return { ...host, engine: { ...host.engine, apiVersion: '1.51' } };
  });

  const { steps, last } = run(seeing(commit(before, annotated, 2), old, ...others));

  expect(steps).toEqual([]);
  expect(stalledBy(last)).toBe('EngineTooOld');
  expect(decisionOf(last).conditions.at(-1)?.message).toContain(
    'host "host-2" speaks Engine API 1.41, and "annotations" needs Engine API 1.43 (Docker 24.0)',
  );
});

it('an engine that is too old for a network that it is to make stops the rollout, too', () => {
  const attached = { networks: [{ network: front.name, aliases: ['web'] }] };
  const networks = [{ ...front, enableIpv4: false }];
  const next = commit(before, shop('v2', { container: attached }, { networks }), 2);

  const { steps, last } = run(next);

  expect(steps).toEqual([]);
  expect(stalledBy(last)).toBe('EngineTooOld');
});

describe('the image of a new revision', () => {
  const missing = withoutImage(commit(before, shop('v2'), 2), 'host-2', 'v2');

  it('is pulled where it is missing before anything else is touched', () => {
    const { steps } = decide(missing);

    expect(steps.map(({ host, key, action }) => [host, key, action.kind])).toEqual([
      ['host-2', 'host-2/image/testapp:v2', 'pull-image'],
    ]);
    const done = run(missing);
    expect(running(done.world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
  });

  it('is not pulled twice at once', () => {
    const inFlight = new Map([['host-2/image/testapp:v2', 'pull-image' as const]]);

    expect(decide({ ...missing, inFlight }).steps).toEqual([]);
  });

  it('is work under way while it is pulled, whatever stands in the way elsewhere', () => {
    const host = hostOf(missing, 'host-3');
    const images = host.images.map((image) => ({ ...image, architecture: 'arm64' }));
    const inFlight = new Map([['host-2/image/testapp:v2', 'pull-image' as const]]);

    const decision = decide({ ...seeing(missing, { ...host, images }), inFlight });

    const conditions = decisionOf(decision).conditions.filter(({ status }) => status);
    expect(conditions.map(({ type, reason }) => [type, reason])).toEqual([
      ['Reconciling', 'Progressing'],
      ['Stalled', 'PlatformMismatch'],
    ]);
  });

  it('holds everything back while it cannot be pulled, and says when it is tried again', () => {
    const failures = new Map([['host-2/image/testapp:v2', failedStep({}, { retryAt: 2e9 })]]);

    const decision = decide({ ...missing, failures });

    expect(decision.steps).toEqual([]);
    expect(decision.wakeAt).toBe(2e9);
    expect(stalledBy(decision)).toBe('RegistryUnavailable');
    expect(decisionOf(decision).health).toBe('healthy');
  });

  it('is not waited for where the disk is full: the other hosts go on, and that one keeps what it has', () => {
    const full = failedStep({ reason: 'DiskFull', message: 'no space left on host-2' });
    const failures = new Map([['host-2/image/testapp:v2', full]]);

    const { world, steps, last } = run({ ...missing, failures });

    expect(steps.filter(({ host }) => host === 'host-2')).toEqual([]);
    expect(running(world).toSorted()).toEqual(['testapp:v1', 'testapp:v2', 'testapp:v2']);
    expect(stalledBy(last)).toBe('DiskFull');
    expect(
      decisionOf(last)
        .conditions.filter(({ status }) => status)
        .map(({ type }) => type),
    ).toEqual(['Stalled']);
    expect(decisionOf(last).health).toBe('healthy');
  });

  it('stops at an image for another platform, with what runs untouched', () => {
    const host = hostOf(before, 'host-3');
    const images = host.images.map((image) =>
      image.tags.includes('testapp:v2') ? { ...image, architecture: 'arm64' } : image,
    );

    const { world, steps, last } = run(seeing(commit(before, shop('v2'), 2), { ...host, images }));

    expect(steps).toEqual([]);
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
    expect(stalledBy(last)).toBe('PlatformMismatch');
    expect(JSON.stringify(decisionOf(last).conditions)).toContain(
      'is for linux/arm64, host \\"host-3\\" is linux/amd64',
    );
  });
});

describe('networks and volumes', () => {
  const attached = { container: { networks: [{ network: 'shop_front', aliases: ['web'] }] } };

  it('are made before the container, at the line that defines them', () => {
    const { steps } = run(aWorld(shop('v1', attached, { networks: [front] }), ['host-1']));

    expect(kinds(steps).slice(0, 2)).toEqual(['create-network', 'create-container 1']);
    expect(steps[0]).toMatchObject({ key: 'host-1/network/shop_front', cause: { origin } });
  });

  it('are made once for all slots of a host', () => {
    const spec = shop('v1', attached, { networks: [front] });

    const first = decide(aWorld(spec, ['host-1']));

    expect(kinds(first.steps)).toEqual(['create-network']);
  });

  it('are waited for and named when they are external and missing', () => {
    const spec = shop('v1', attached, { networks: [{ ...front, external: true }] });

    const { steps, last } = run(aWorld(spec, ['host-1']));

    expect(steps).toEqual([]);
    expect(stalledBy(last)).toBe('ExternalMissing');
    expect(JSON.stringify(decisionOf(last).conditions)).toContain(
      'external network \\"shop_front\\" does not exist on host \\"host-1\\"',
    );
  });
});

function others(world: World, ...unmanaged: readonly UnmanagedContainer[]): World {
  return seeing(world, { ...hostOf(world, 'host-1'), unmanaged });
}

describe('a link to a container of others', () => {
  const linked = shop('v1', {
    container: { networks: [{ network: 'shop_front', aliases: [], links: ['legacy:db'] }] },
  });

  it('holds the version back while that one is not there, before anything is touched', () => {
    const { steps, last } = run(aWorld(linked, ['host-1']));

    expect(steps).toEqual([]);
    expect(stalledBy(last)).toBe('ExternalMissing');
    expect(JSON.stringify(decisionOf(last).conditions)).toContain(
      'container \\"legacy\\", which external_links names, does not exist on host \\"host-1\\"',
    );
  });

  it('is made where it is there', () => {
    const { steps } = run(others(aWorld(linked, ['host-1']), aForeignContainer('legacy', [])));

    expect(kinds(steps)).toContain('create-container 1');
  });

  it('does not keep what has proved itself from being repaired', () => {
    const { world } = run(others(aWorld(linked, ['host-1']), aForeignContainer('legacy', [])));
    const gone = edit(world, () => null);

    const { steps } = run(others(gone));

    expect(kinds(steps)).toContain('create-container 1');
  });
});

describe('a step that failed', () => {
  const next = commit(before, shop('v2'), 2);
  const [service] = shop('v2')[0]?.services ?? [];
  const hash = service?.hash ?? '';

  it('counts against the revision when it is the fault of the revision', () => {
    const failure = { class: 'revision', reason: 'CannotStart', message: 'no such file' } as const;
    const failures = new Map([
      ['shop/web/1', failedStep(failure, { action: 'create-container', hash })],
    ]);

    const decision = decide({ ...next, failures });

    expect(decision.steps).toEqual([]);
    expect(decision.entries).toContainEqual(
      expect.objectContaining({
        kind: 'quarantined',
        container: null,
        quarantine: expect.objectContaining({ hash, reason: 'CannotStart' }) as object,
      }),
    );
  });

  it('does not count when it was a step of another hash', () => {
    const failure = { class: 'revision', reason: 'CannotStart', message: '' } as const;
    const failures = new Map([
      ['shop/web/1', failedStep(failure, { action: 'create-container', hash: 'other' })],
    ]);

    expect(decide({ ...next, failures }).entries.map(({ kind }) => kind)).not.toContain(
      'quarantined',
    );
  });

  it('only waits when the host is at fault', () => {
    const failures = new Map([
      ['shop/web/1', failedStep({ reason: 'DiskFull' }, { action: 'create-container', hash })],
    ]);

    const { entries, world } = run({ ...next, failures });

    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v2', 'testapp:v2']);
  });
});

it('an image that is mounted is pulled before anything is touched, too', () => {
  const source = 'registry.example.com/models:1';
  const mounts = [{ type: 'image', source, target: '/models', readOnly: true }] as const;
  const hosts = ['host-1', 'host-2', 'host-3'].map((name) => {
    const host = hostOf(before, name);
    return { ...host, engine: { ...host.engine, apiVersion: '1.48' } };
  });
  const world = commit(seeing(before, ...hosts), shop('v2', { container: { mounts } }), 2);

  const decision = decide(world);
  const pulled = decision.steps.flatMap(({ action, host }) =>
    action.kind === 'pull-image' && action.image === source ? [host] : [],
  );

  expect(pulled).toEqual(['host-1', 'host-2', 'host-3']);
  expect(decision.steps.every(({ action }) => action.kind === 'pull-image')).toBe(true);
  expect(decision.steps.at(-1)?.cause).toMatchObject({
    path: 'volumes',
    reason: `image "${source}" is not on the host`,
  });
  expect(running(run(world).world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
});
