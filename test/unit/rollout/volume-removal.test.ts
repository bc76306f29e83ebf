import { expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import { label } from '../../../src/model/labels.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { ObservedVolume } from '../../../src/model/observation.ts';
import type { OperatorRequest } from '../../../src/model/request.ts';
import type { Decision } from '../../../src/rollout/decide.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anApplication, aReachableHost, aService, aWorld } from '../../support/builders.ts';
import { commit, run } from './scenario.ts';

const origin = { file: 'apps/shop/compose.yaml', line: 20, column: 3 };
const mount = {
  type: 'volume',
  source: 'shop_data',
  target: '/data',
  readOnly: false,
  noCopy: false,
} as const;
const declared = {
  name: 'shop_data',
  external: false,
  driver: 'local',
  driverOpts: {},
  labels: {},
};
const ours = { [label.fleet]: 'test', [label.application]: 'shop' };

function shop(isMounted: boolean): ApplicationSpec {
  const container = isMounted ? { mounts: [mount] } : {};
  return anApplication([aService({ container })], { volumes: [{ ...declared, origin }] });
}

function withVolume(world: World, facts: Partial<ObservedVolume> = {}): World {
  const observations = new Map(world.observations);
  const host = observations.get(toHostName('host-1'));
  if (host?.kind !== 'reachable') throw new Error('it can be seen');
  const volume = { name: 'shop_data', driver: 'local', labels: ours, ...facts };
  observations.set(host.host, { ...host, volumes: [volume] });
  return { ...world, observations };
}

function asking(world: World, host = 'host-1', volume = 'shop_data'): World {
  const request: OperatorRequest = {
    id: 7,
    kind: 'remove-volume',
    application: '',
    host: toHostName(host),
    volume,
    by: 'ada@laptop',
    at: 0,
  };
  return { ...world, requests: [request] };
}

function removals({ steps }: Decision): readonly object[] {
  return steps.filter(({ action }) => action.kind === 'remove-volume');
}

function answers({ entries }: Decision): readonly string[] {
  return entries.flatMap((entry) =>
    entry.kind === 'request-answered' && !entry.accepted ? [entry.message] : [],
  );
}

const idle = withVolume(aWorld([], ['host-1']));

it('a volume that nothing has or wants is removed, and the step answers', () => {
  const decision = decide(asking(idle));

  expect(removals(decision)).toMatchObject([
    {
      host: 'host-1',
      application: 'shop',
      action: { kind: 'remove-volume', name: 'shop_data', request: 7 },
      cause: { reason: 'ada@laptop has asked for it' },
    },
  ]);
  expect(answers(decision)).toEqual([]);
});

it('no volume is removed that nobody has asked for, also of an application that is gone', () => {
  const deployed = run(
    aWorld([shop(true), anApplication([aService()], { name: 'blog' })], ['host-1']),
  );
  const after = run(
    commit(withVolume(deployed.world), [anApplication([aService()], { name: 'blog' })], 2),
  );

  expect(removals(after.last)).toEqual([]);
  expect(after.steps.some(({ action }) => action.kind === 'remove-volume')).toBe(false);
  expect(after.world.observations.get(toHostName('host-1'))).toMatchObject({
    volumes: [{ name: 'shop_data' }],
  });
});

it.each<[string, World, RegExp]>([
  ['there is no such host', asking(idle, 'host-9'), /no host "host-9"/],
  ['there is no such volume', asking(idle, 'host-1', 'other'), /no such volume/],
  ['it is not ours', asking(withVolume(idle, { labels: {} })), /not made for this fleet/],
  [
    'it is of another fleet',
    asking(withVolume(idle, { labels: { ...ours, [label.fleet]: 'other' } })),
    /not made for this fleet/,
  ],
  [
    'its host cannot be seen',
    asking({
      ...idle,
      observations: new Map([
        [
          toHostName('host-1'),
          { kind: 'unreachable', host: toHostName('host-1'), since: 0, reason: 'no answer' },
        ],
      ]),
    }),
    /cannot be seen/,
  ],
  ['the commit wants it there', asking(withVolume(aWorld([shop(true)], ['host-1']))), /shop\/web/],
])('a request is refused when %s', (_name, world, why) => {
  const decision = decide(world);

  expect(removals(decision)).toEqual([]);
  expect(answers(decision)).toEqual([expect.stringMatching(why)]);
});

it('a request is refused while a container has the volume', () => {
  const { world } = run(aWorld([shop(true)], ['host-1']));
  const { desired } = aWorld([], ['host-1']);

  const decision = decide(asking(withVolume({ ...world, desired })));

  expect(removals(decision)).toEqual([]);
  expect(answers(decision)).toEqual([expect.stringMatching(/containers have it: shop-web-1/)]);
});

it('a volume that was left behind on another host is removed there', () => {
  const { world } = run(withVolume(aWorld([shop(true)], ['host-1', 'host-2'])));
  const observations = new Map(world.observations);
  const volumes = [{ name: 'shop_data', driver: 'local', labels: ours }];
  observations.set(toHostName('host-2'), aReachableHost('host-2', { volumes }));

  expect(removals(decide(asking({ ...world, observations }, 'host-2')))).toHaveLength(1);
});
