import { describe, expect, it } from 'vitest';

import type { Application, Status } from '../../../src/generated/status.ts';
import { validateStatus } from '../../../src/generated/validators.js';
import type { ApplicationSpec, ServiceSpec } from '../../../src/model/application.ts';
import { diagnosticAt } from '../../../src/model/diagnostic.ts';
import type { ProofSpec } from '../../../src/model/proof.ts';
import { beginProof } from '../../../src/model/proof.ts';
import type { RejectedRevision } from '../../../src/model/rejected-revision.ts';
import { renderStatus } from '../../../src/report/render-status.ts';
import { statusDocument } from '../../../src/report/status-document.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import {
  anApplication,
  anUnreachableHost,
  aRevision,
  aService,
  aWorld,
  origin,
} from '../../support/builders.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { deployed, release, web } from '../rollout/traffic-scenario.ts';
import { commit, decisionOf, exits, fine, pass, run, seeing } from '../rollout/scenario.ts';
import { overlong } from './lines.ts';

function shop(tag: string, facts: ServiceFacts = {}): readonly ApplicationSpec[] {
  return [anApplication([aService({ ...facts, container: { image: `testapp:${tag}` } })])];
}

function statusOf(world: World, rejected: RejectedRevision | null = null): Status {
  return statusDocument({
    revision: world.desired.revision,
    rejected,
    decision: decide(world),
    observations: world.observations.values(),
    steps: 3,
    durationMs: 1_234.5,
    now: world.now,
  });
}

const good = run(aWorld(shop('v1', { replicas: 2 }))).world;
const failed = run(commit(good, shop('v2', { replicas: 2 }), 2), exits('testapp:v2')).world;
const record = failed.journal.applications.get('shop');
const withLog =
  record === undefined
    ? failed
    : {
        ...failed,
        journal: {
          ...failed.journal,
          applications: new Map([
            [
              'shop',
              {
                ...record,
                quarantined: record.quarantined.map((one) => ({
                  ...one,
                  log: ['connecting', 'refused', 'refused', 'giving up'],
                  health: ['HTTP 503'],
                })),
              },
            ],
          ]),
        },
      };
const canary = {
  strategy: 'canary',
  steps: [{ slots: { kind: 'count', count: 1 }, bakeMs: 3_600_000 }],
} as const;
const goodWithCanary = run(aWorld(shop('v1', { replicas: 3 }))).world;
const baking = play(commit(goodWithCanary, shop('v2', { replicas: 3, rollout: canary }), 2), 30);
const rolling = play(commit(good, shop('v2', { replicas: 2 }), 2), 4);
const suspended = commit(
  good,
  [
    anApplication([aService({ replicas: 2, container: { image: 'testapp:v2' } })], {
      suspend: true,
    }),
  ],
  2,
);

/** So many passes, with everything well. */
function play(start: World, passes: number): World {
  let world = start;
  for (let round = 0; round < passes; round += 1) {
    const decision = decide(world);
    world = pass(world, decision, decision.steps, fine);
  }
  return world;
}

const problem = diagnosticAt(origin, 'services', 'unknown-key', 'unknown key "imge"');
const documents = {
  converged: statusOf(good),
  rolledBack: statusOf(withLog),
  progressing: statusOf(aWorld(shop('v1'))),
  unreachable: statusOf(seeing(good, anUnreachableHost('host-3', { since: good.now }))),
  rejected: statusOf(good, { revision: aRevision(3), diagnostics: [problem, problem] }),
  held: statusOf(commit(good, [], 2)),
  baking: statusOf(baking),
  rolling: statusOf(rolling),
  suspended: statusOf(suspended),
  aborted: withoutHost(statusOf(withLog)),
};

/** A failure that was not about one slot. */
function withoutHost(status: Status): Status {
  const applications = status.applications.map((application) => ({
    ...application,
    failed: application.failed.map((failure) => ({ ...failure, host: null, slot: '' })),
  }));
  return { ...status, applications };
}

function only({ applications }: Status): Application {
  const [application] = applications;
  if (application === undefined) throw new Error('there is an application');
  return application;
}

describe('statusDocument()', () => {
  it.each(Object.entries(documents))('is valid by its schema: %s', (_name, document) => {
    const isValid = validateStatus(JSON.parse(JSON.stringify(document)));

    expect(isValid, JSON.stringify(validateStatus.errors)).toBe(true);
  });

  it('tells whether all is as the commit asks', () => {
    expect(documents.converged).toMatchObject({ converged: true, durationMs: 1_235 });
    expect(documents.rolledBack).toMatchObject({
      converged: false,
      applications: [{ target: 'rollback', failed: [{ service: 'web', reason: 'Exited' }] }],
    });
  });

  it('shows a host that cannot be seen with the reason', () => {
    expect(
      documents.unreachable.hosts.map(({ host, state, reason }) => [host, state, reason]),
    ).toEqual([
      ['host-1', 'ready', ''],
      ['host-2', 'ready', ''],
      ['host-3', 'unreachable', 'no answer'],
    ]);
  });

  it('counts the errors of a refused head, and quotes the first', () => {
    expect(documents.rejected.rejected).toMatchObject({
      problems: 2,
      first: 'apps/shop/compose.yaml:1:1: unknown key "imge"',
    });
  });
});

describe('statusDocument(), of a rollout', () => {
  it('tells what is rolled out, since when, and when it is given up', () => {
    const { rollout, suspended } = only(documents.rolling);

    expect(rollout).toMatchObject({
      revision: aRevision(2).commit,
      direction: 'forward',
      stages: [],
    });
    expect(suspended).toBe(false);
    const { startedAt = '', progressDeadlineAt = '' } = rollout ?? {};
    expect(Date.parse(progressDeadlineAt ?? '') - Date.parse(startedAt)).toBeGreaterThanOrEqual(
      600_000,
    );
    expect(only(documents.converged).rollout).toBeNull();
  });

  it('tells how far the canaries are, and until when they are watched', () => {
    const { rollout, waiting } = only(documents.baking);
    const wait = waiting.find(({ kind }) => kind === 'monitor');

    expect(rollout?.stages).toEqual([
      { service: 'web', step: 1, of: 1, awaitsPromotion: false, until: wait?.until },
    ]);
    expect(wait?.until).not.toBeNull();
  });

  it('tells of each slot where it stands and what it waits for', () => {
    const { slots, waiting } = only(documents.rolling);
    const decided = decisionOf(decide(rolling)).slots;
    expect(slots).toMatchObject(decided.map((slot) => ({ ...slot })));
    for (const { service, slot, reason, until } of waiting.filter(({ slot }) => slot !== '')) {
      expect(slots.find((each) => each.service === service && each.slot === slot)).toMatchObject({
        waitsFor: reason,
        until,
      });
    }
    expect(waiting).not.toEqual([]);
  });

  it('tells that an application is suspended', () => {
    expect(only(documents.suspended)).toMatchObject({
      suspended: true,
      conditions: [{ type: 'Ready', status: false, reason: 'Suspended' }, {}, {}],
    });
  });
});

describe('renderStatus()', () => {
  it('shows what has converged', () => {
    expect(renderStatus(documents.converged, plainStyle)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      shop  Ready  healthy
        web  2/2 available    testapp:v1

      hosts
        host-1  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  0 ours, 0 other"
    `);
  });

  it('shows a failure with the last words of the instance', () => {
    expect(renderStatus(documents.rolledBack, plainStyle)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      shop  RolledBack  healthy
        web  2/2 available    testapp:v1
        ! web/1 on host-2 failed in 000000000000: Exited: it exited with code 1 before
          it was ready
          last health output:
          | HTTP 503
          last log lines:
          | connecting
          | refused (2 times)
          | giving up

      hosts
        host-1  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  0 ours, 0 other"
    `);
  });

  it('shows what is under way', () => {
    expect(renderStatus(documents.progressing, plainStyle)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      shop  Progressing  missing
        web  0/1 available  0/1 updated  testapp:v1
        create-container for web/1
          web/1  host-2  absent

      hosts
        host-1  ready  Docker 20.10.24, API 1.41  0 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  0 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  0 ours, 0 other"
    `);
  });

  it('shows a rollout: how long yet, and slot by slot what it waits for', () => {
    expect(renderStatus(documents.rolling, plainStyle)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      shop  Progressing  healthy
        rolls out to 000000000000 for 8 s, gives up in 9 min 58 s
        web  2/2 available  1/2 updated  testapp:v2
        update-container for web/1
          web/2  host-1  absent    its turn: others are being replaced

      hosts
        host-1  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  2 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  0 ours, 0 other"
    `);
  });

  it('shows canaries that are watched', () => {
    expect(renderStatus(documents.baking, plainStyle)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      shop  Progressing  healthy
        rolls out to 000000000000 for 1 min 0 s
        web  3/3 available  1/3 updated  testapp:v2
          web    monitor  59 min 8 s  canary step 1 of 1 is watched: 1 of 3 slots

      hosts
        host-1  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  2 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  1 ours, 0 other"
    `);
  });

  it('shows a failure that was not about one slot', () => {
    expect(renderStatus(documents.aborted, plainStyle)).toContain(
      '  ! web failed in 000000000000: ',
    );
  });

  it('shows the slots of what has converged when it is asked to', () => {
    expect(renderStatus(documents.converged, plainStyle, true)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      shop  Ready  healthy
        web  2/2 available    testapp:v1
          web/1  host-2  promoted
          web/2  host-1  promoted

      hosts
        host-1  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  0 ours, 0 other"
    `);
  });

  it('shows a refused head above all', () => {
    expect(renderStatus(documents.rejected, plainStyle)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      ! The newest commit 000000000000 is refused, the one above stays in force:
        apps/shop/compose.yaml:1:1: unknown key "imge" (and 1 more)

      shop  Ready  healthy
        web  2/2 available    testapp:v1

      hosts
        host-1  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  0 ours, 0 other"
    `);
  });

  it.each(Object.entries(documents))('keeps to the page: %s', (_name, document) => {
    expect(overlong(renderStatus(document, plainStyle))).toEqual([]);
  });
});

describe('receivers', () => {
  const standing = { failingSince: null, reason: '', waiting: 0, givenUp: 0 };
  const receivers = [
    { ...standing, name: 'mail', failingSince: good.now - 90_000, reason: 'SMTP 451', waiting: 3 },
    { ...standing, name: 'ops', givenUp: 2 },
  ];
  const document = { ...documents.converged, receivers: statusWith(receivers) };

  function statusWith(of: typeof receivers): Status['receivers'] {
    return statusDocument({
      revision: good.desired.revision,
      rejected: null,
      decision: decide(good),
      observations: good.observations.values(),
      receivers: of,
      steps: 0,
      durationMs: 0,
      now: good.now,
    }).receivers;
  }

  it('are in the document, by its schema', () => {
    expect(validateStatus(JSON.parse(JSON.stringify(document)))).toBe(true);
    expect(document.receivers).toMatchObject([{ name: 'mail', waiting: 3 }, { givenUp: 2 }]);
  });

  it('are shown when they cannot be told, since when and why', () => {
    const text = renderStatus(document, plainStyle);

    expect(text).toContain('  ! mail cannot be told for 1 min 30 s (3 waiting): SMTP 451');
    expect(text).not.toContain('ops');
    expect(renderStatus(documents.converged, plainStyle)).not.toContain('receivers');
  });
});

it('a status says where requests come in, and how many instances get them', () => {
  const [host, internal] = ['shop.example.com', 'web.shop.internal'];
  const expose = { host, internal, path: '/api', port: 80, drainTimeoutMs: 1_000 };
  const ports = [{ target: 80, protocol: 'tcp' as const, hostIp: '', published: '' }];
  const exposed = aService({ replicas: 2, expose, container: { ports } });
  const edge = anApplication([aService({ name: 'haproxy' })], { name: 'edge' });
  const names = anApplication([aService({ name: 'haproxy', replicas: 3 })], { name: 'names' });
  const world = aWorld([edge, names, anApplication([exposed])]);
  const own = { driver: 'haproxy' as const, service: 'haproxy', command: [], routes: '', origin };
  const proxies = [
    { role: 'ingress' as const, application: 'edge', ...own },
    { role: 'internal' as const, application: 'names', ...own },
  ];
  const fleet = { ...world.desired.fleet, proxies };
  const deployed = run({ ...world, desired: { ...world.desired, fleet } }).world;

  const told = statusOf(deployed);
  const untold = statusOf({ ...deployed, traffic: new Map() });

  expect(validateStatus(told), JSON.stringify(validateStatus.errors)).toBe(true);
  expect(renderStatus(told, plainStyle)).toMatch(
    /shop\.example\.com\/api 2\/2 in 1 proxy +web\.shop\.internal\/api 2\/2 in 3 proxies/,
  );
  expect(renderStatus(untold, plainStyle)).toMatch(
    /shop\.example\.com\/api no proxy answers +web\.shop\.internal\/api no proxy answers/,
  );
  expect(untold.converged).toBe(false);
});

it('a status says what becomes of requests while a rollout is under way', () => {
  const proof: ProofSpec = {
    url: 'http://192.0.2.80',
    path: '/',
    intervalMs: 200,
    timeoutMs: 1_000,
    expectStatus: null,
    onFailure: 'record',
  };
  const service = (tag: string): ServiceSpec => {
    const { expose, ...rest } = web(`testapp:${tag}`);
    return expose === undefined ? rest : { ...rest, expose: { ...expose, proof } };
  };
  const begun = play(release(deployed(service('v1')), service('v2'), 2), 2);
  const rolloutAt = begun.journal.applications.get('shop')?.rollout?.startedAt ?? 0;
  const tally = { ...beginProof(rolloutAt), requests: 1_412, worstMs: 31 };
  const reading = { rolloutAt, tally, isWhole: true };

  const status = statusOf({ ...begun, proofs: new Map([['shop/web', reading]]) });

  expect(validateStatus(status), JSON.stringify(validateStatus.errors)).toBe(true);
  expect(renderStatus(status, plainStyle)).toContain(
    '\n  1,412 requests, none failed, slowest 31 ms\n',
  );
});

it('a status says by what the number of instances goes', () => {
  const autoscale = { min: 2, max: 8, cpu: 70, stabilizationMs: 1, intervalMs: 1_000 };
  const deployed = run(aWorld([anApplication([aService({ replicas: 2, autoscale })])])).world;
  const cpu = { metric: 'cpu', value: 63, target: 70 } as const;
  const requests = { metric: 'requests', value: null, target: 100 } as const;
  const prometheus = { metric: 'prometheus', value: null, target: 30, reason: 'HTTP 503' } as const;
  const loads = new Map([['shop/web', [cpu, requests, prometheus]]]);

  const unmeasured = statusOf(deployed);
  const told = statusOf({ ...deployed, journal: { ...deployed.journal, loads } });

  expect(validateStatus(told), JSON.stringify(validateStatus.errors)).toBe(true);
  expect(renderStatus(unmeasured, plainStyle)).toContain('2/2 available (autoscale 2–8)');
  expect(renderStatus(told, plainStyle)).toContain(
    '2/2 available (autoscale 2–8, cpu 63 % of 70 %, requests ? of 100/s, prometheus ? of 30 (HTTP 503))',
  );
});
