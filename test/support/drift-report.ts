import type { DriftReport } from '../../src/generated/drift.ts';
import { driftDocument } from '../../src/report/drift-document.ts';
import {
  aDriftItem,
  anIgnoreRule,
  anUnreachableHost,
  aReachableHost,
  aRevision,
} from './builders.ts';

/** One item that is open, one that is ignored and one that was put right. */
export function aDriftReport(desired: string): DriftReport {
  return driftDocument({
    revision: aRevision(1),
    records: [
      {
        item: aDriftItem({ path: 'environment.GREETING', desired, note: 'memory limit' }),
        firstSeen: 60_000,
        resolvedAt: null,
      },
      {
        item: aDriftItem({
          slot: '2',
          class: 'missing',
          severity: 'critical',
          path: '',
          desired: 'testapp:v1',
          observed: null,
          origin: null,
        }),
        firstSeen: 60_000,
        resolvedAt: 65_000,
      },
    ],
    ignored: [{ item: aDriftItem({ note: 'memory limit' }), rule: anIgnoreRule() }],
    expiredRules: [anIgnoreRule({ until: 1_000 })],
    observations: [aReachableHost('host-1'), anUnreachableHost('host-3')],
    authors: new Map(),
    hostNotes: [{ host: 'host-3', message: 'lost: it has been unreachable' }],
    now: 120_000,
  });
}
