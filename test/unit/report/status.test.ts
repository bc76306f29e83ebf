import { describe, expect, it } from 'vitest';

import type { Status } from '../../../src/generated/status.ts';
import { validateStatus } from '../../../src/generated/validators.js';
import type { ApplicationSpec } from '../../../src/model/application.ts';
import { diagnosticAt } from '../../../src/model/diagnostic.ts';
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
import { commit, exits, run, seeing } from '../rollout/scenario.ts';
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
    now: 7_200_000,
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
const problem = diagnosticAt(origin, 'services', 'unknown-key', 'unknown key "imge"');
const documents = {
  converged: statusOf(good),
  rolledBack: statusOf(withLog),
  progressing: statusOf(aWorld(shop('v1'))),
  unreachable: statusOf(seeing(good, anUnreachableHost('host-3'))),
  rejected: statusOf(good, { revision: aRevision(3), diagnostics: [problem, problem] }),
  held: statusOf(commit(good, [], 2)),
};

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

describe('renderStatus()', () => {
  it('shows what has converged', () => {
    expect(renderStatus(documents.converged, plainStyle)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      shop  Ready  healthy
        web  2/2 available    testapp:v1

      hosts
        host-1  ready  Docker 20.10.24, API 1.41  0 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  1 ours, 0 other"
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
        host-1  ready  Docker 20.10.24, API 1.41  0 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  1 ours, 0 other"
    `);
  });

  it('shows what is under way', () => {
    expect(renderStatus(documents.progressing, plainStyle)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      shop  Progressing  missing
        web  0/1 available  0/1 updated  testapp:v1
        create-container for web/1

      hosts
        host-1  ready  Docker 20.10.24, API 1.41  0 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  0 ours, 0 other
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
        host-1  ready  Docker 20.10.24, API 1.41  0 ours, 0 other
        host-2  ready  Docker 20.10.24, API 1.41  1 ours, 0 other
        host-3  ready  Docker 20.10.24, API 1.41  1 ours, 0 other"
    `);
  });

  it.each(Object.entries(documents))('keeps to the page: %s', (_name, document) => {
    expect(overlong(renderStatus(document, plainStyle))).toEqual([]);
  });
});
