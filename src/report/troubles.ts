import type { DriftItem } from '../model/drift.ts';
import { groupBy } from '../model/group-by.ts';
import type { CommitSha } from '../model/names.ts';
import type { Notice } from '../model/notice.ts';
import type { ApplicationDecision } from '../rollout/decide-application.ts';
import type { Decision } from '../rollout/decide.ts';
import { count } from './text.ts';

/** Something that is not well, as long as it is so. */
export interface Trouble extends Pick<Notice, 'event' | 'application' | 'message'> {
  /** What it is about: only one of a key is told at a time. */
  readonly key: string;
  /** It is told when it has lasted so long; most goes away by itself. */
  readonly patienceMs: number;
}

/** How the fleet stands, as far as people are told. */
export interface Levels {
  readonly troubles: readonly Trouble[];
  readonly applications: ReadonlySet<string>;
  /** Applications that are as the commit asks. */
  readonly ready: ReadonlySet<string>;
  readonly hosts: ReadonlySet<string>;
  /** The commit that all is as it asks for; null: it is not. */
  readonly converged: CommitSha | null;
}

const patienceMs = 30_000;
/** A repair may have to wait for its turn and its gate. */
const healPatienceMs = 2 * 60_000;

/** @param commit the one that was decided on */
export function findLevels(decision: Decision, commit: CommitSha): Levels {
  const { applications, placed, drift, settled } = decision;
  const { isolation, hosts } = placed.standing;
  return {
    troubles: [
      ...(isolation === null ? [] : [isolated(isolation)]),
      ...applications.flatMap(applicationTrouble),
      ...[...groupBy(drift, ({ application }) => application)].flatMap(([application, items]) => [
        ...driftTrouble(application, items, 'report'),
        ...driftTrouble(application, items, 'heal'),
      ]),
    ],
    applications: new Set(applications.map(({ application }) => application)),
    ready: new Set(applications.filter(isReady).map(({ application }) => application)),
    hosts: new Set(hosts.map(({ host }) => host)),
    converged: settled ? commit : null,
  };
}

function isReady({ conditions, target }: ApplicationDecision): boolean {
  const holds = conditions.some(({ type, status }) => type === 'Ready' && status);
  return target.mode === 'desired' && holds;
}

function isolated(why: string): Trouble {
  const message = `${why}: the operator itself may be cut off, and nothing is replaced`;
  return { key: 'operator', event: 'operator-isolated', application: '', message, patienceMs };
}

/** A failed revision is told of by itself. */
function applicationTrouble(decision: ApplicationDecision): readonly Trouble[] {
  const { application, target, conditions, health, suspended, rollout, services } = decision;
  if (target.mode !== 'desired' || suspended) return [];
  const key = `health/${application}`;
  const stalled = conditions.find(({ type, status }) => type === 'Stalled' && status);
  if (stalled !== undefined) {
    const message = `${stalled.reason}: ${stalled.message}`;
    return [{ key, event: 'application-stalled', application, message, patienceMs }];
  }
  if (rollout !== null || (health !== 'degraded' && health !== 'missing')) return [];
  const short = services
    .filter(({ available, desired }) => available < desired)
    .map(({ service, available, desired }) => `${service} ${available}/${desired}`);
  const message = `it is ${health}; available: ${short.join(', ')}`;
  return [{ key, event: 'application-degraded', application, message, patienceMs }];
}

/** What is put right is told of when it is not for long; what is only reported at once. */
function driftTrouble(
  application: string,
  items: readonly DriftItem[],
  kind: 'report' | 'heal',
): readonly Trouble[] {
  const of = items.filter(({ action }) => (action === 'report') === (kind === 'report'));
  const [first] = of;
  if (first === undefined) return [];
  const { service, slot, host, path, note } = first;
  const place = [service, slot].filter((part) => part !== '').join('/');
  const what = [place, `on ${host}`].filter((part) => part !== '').join(' ');
  const field = path === '' ? first.class : `${first.class} ${path}`;
  const message = `${count(of.length, 'difference')}; ${what}: ${field}: ${note}`;
  return [
    {
      key: `drift-${kind}/${application}`,
      event: 'drift-found',
      application,
      message,
      patienceMs: kind === 'report' ? 0 : healPatienceMs,
    },
  ];
}
