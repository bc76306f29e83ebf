import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import type { HostName } from '../../../src/model/names.ts';
import { packOrigins } from '../../../src/model/origin.ts';
import { isEmptyPlan, planHash } from '../../../src/rollout/plan-hash.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  anApplication,
  anUnreachableHost,
  aRevision,
  aService,
  aWorld,
} from '../../support/builders.ts';
import { commit, containers, edit, exits, run, seeing } from './scenario.ts';

function shop(tag: string, facts: ServiceFacts = {}): ApplicationSpec {
  const container = { image: `testapp:${tag}`, ...facts.container };
  return anApplication([aService({ replicas: 2, ...facts, container })]);
}

function blog(tag: string): ApplicationSpec {
  return anApplication([aService({ container: { image: `testapp:${tag}` } })], { name: 'blog' });
}

const live = run(aWorld([shop('v1')])).world;
/** What a pull request asks for, against the fleet as it is. */
const asked = commit(live, [shop('v2')], 2);

function hashOf(world: World): string {
  const hash = planHash(predict(world));
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  return hash ?? '';
}

function isEmpty(world: World): boolean {
  return isEmptyPlan(predict(world));
}

describe('planHash() is the same', () => {
  it.each<[string, World]>([
    ['for another commit that asks for the same', commit(live, [shop('v2')], 3)],
    [
      'for a commit of another branch, author, time and subject',
      {
        ...asked,
        desired: {
          ...asked.desired,
          revision: { ...aRevision(9), branch: 'other', author: 'B', date: 9, subject: 'merge' },
        },
      },
    ],
    [
      'where the lines of the manifest have moved',
      commit(
        live,
        [
          {
            ...shop('v2', {
              origins: packOrigins(
                new Map([['', { file: 'shop/docker-compose.yml', line: 40, column: 3 }]]),
              ),
            }),
            file: 'shop/docker-compose.yml',
          },
        ],
        2,
      ),
    ],
    ['at another time', { ...asked, now: asked.now + 3_600_000 }],
    [
      'where an engine calls the image of the instances otherwise',
      edit(asked, (container) => ({ ...container, imageId: 'sha256:other' })),
    ],
    [
      'where an image is on the hosts already',
      {
        ...asked,
        observations: new Map(
          [...asked.observations].map(([name, host]): [HostName, typeof host] => [
            name,
            host.kind === 'reachable' ? { ...host, images: [] } : host,
          ]),
        ),
      },
    ],
    [
      'whatever order the hosts come in',
      { ...asked, observations: new Map([...asked.observations].toReversed()) },
    ],
  ])('%s', (_case, world) => {
    expect(hashOf(world)).toBe(hashOf(asked));
  });
});

describe('planHash() is another', () => {
  it.each<[string, World]>([
    ['for another version', commit(live, [shop('v3')], 2)],
    ['for more replicas', commit(live, [shop('v2', { replicas: 3 })], 2)],
    [
      'for another order, which costs availability',
      commit(live, [shop('v2', { update: { order: 'stop-first' } })], 2),
    ],
    [
      'for another limit, which no container hash covers',
      commit(
        live,
        [
          shop('v2', {
            container: {
              image: 'testapp:v2',
              resources: {
                memoryBytes: 2 ** 26,
                memoryReservationBytes: null,
                nanoCpus: null,
                pids: null,
              },
            },
          }),
        ],
        2,
      ),
    ],
    [
      'for other hooks, which no container hash covers',
      commit(live, [shop('v2', { hooks: { preStop: [{ command: ['drain'] }] } })], 2),
    ],
    ['for another application beside it', commit(live, [blog('v1'), shop('v2')], 2)],
    ['for a removal', commit(live, [], 2)],
    [
      'when the fleet runs another version by now',
      commit(run(commit(live, [shop('v3')], 5)).world, [shop('v2')], 2),
    ],
    [
      'when an instance is gone by now',
      edit(asked, ({ id, ...rest }) => (id === firstId(asked) ? null : { id, ...rest })),
    ],
    ['when it is carried out by now', run(asked).world],
    [
      'for a fleet of another name',
      {
        ...asked,
        desired: { ...asked.desired, fleet: { ...asked.desired.fleet, name: 'staging' } },
      },
    ],
  ])('%s', (_case, world) => {
    expect(hashOf(world)).not.toBe(hashOf(asked));
  });

  it('is null while a host cannot be observed', () => {
    expect(planHash(predict(seeing(asked, anUnreachableHost('host-1'))))).toBeNull();
  });
});

describe('isEmptyPlan()', () => {
  it.each<[string, World, boolean]>([
    ['nothing is to be done', live, true],
    ['a commit asks for what runs', commit(live, [shop('v1')], 2), true],
    ['a version is to be rolled out', asked, false],
    ['a removal waits for approval', commit(live, [], 2), false],
    [
      'what is asked for waits for a resume',
      commit(live, [{ ...shop('v2'), suspend: true }], 2),
      false,
    ],
    ['a version has failed and is taken back', run(asked, exits('testapp:v2')).world, true],
    [
      'the commit takes back what has failed',
      commit(run(asked, exits('testapp:v2')).world, [shop('v1')], 3),
      true,
    ],
    [
      'the commit takes back what has failed, and brings something else',
      commit(run(asked, exits('testapp:v2')).world, [blog('v1'), shop('v1')], 3),
      false,
    ],
  ])('when %s: %j', (_case, world, expected) => {
    expect(isEmpty(world)).toBe(expected);
  });
});

function firstId(world: World): string | undefined {
  return containers(world)[0]?.id;
}
