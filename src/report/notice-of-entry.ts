import type { HistoryEntry, HistoryKind } from '../model/history.ts';
import type { Notice, NoticeEvent, NoticeTone } from '../model/notice.ts';
import { printable } from '../model/printable.ts';
import { proofInWords } from '../model/proof.ts';
import { formatPosition, formatSpan } from './text.ts';

/** A notice before it has an id, and what it begins or ends. */
export interface NoticeDraft extends Omit<Notice, 'id' | 'fleet' | 'resolves' | 'reminds'> {
  /** The matter that it begins; null: it is over with the telling. */
  readonly opens: string | null;
  /** The matters that end with it. */
  readonly closes: readonly string[];
}

const longestMessage = 1_000;
const longestActor = 200;

/** What is told of an entry of the history; null: it is no edge that people wait for. */
export function noticeOfEntry(entry: HistoryEntry): NoticeDraft | null {
  const edge = edgeOf(entry);
  if (edge === null) return null;
  const { at, application, service, slot, host, commit, origin } = entry;
  // Whoever makes a commit writes there what they like.
  const actor = printable(entry.actor, longestActor);
  const { event, tone, opens = null, closes = [] } = edge;
  const reason = printable(edge.reason ?? '', longestMessage);
  const message = printable(
    reason === '' ? edge.message : `${edge.message}: ${reason}`,
    longestMessage,
  );
  const about = { at, application, service, slot, host, commit, origin, actor };
  return { event, tone, ...about, message, reason, opens, closes };
}

interface Edge {
  readonly event: NoticeEvent;
  readonly tone: NoticeTone;
  /** Without the reason, which is added. */
  readonly message: string;
  readonly reason?: string;
  readonly opens?: string;
  readonly closes?: readonly string[];
}

function edgeOf(entry: HistoryEntry): Edge | null {
  const tell = edges[entry.kind];
  return tell === undefined ? null : tell(entry);
}

const edges: Partial<Record<HistoryKind, (entry: HistoryEntry) => Edge>> = {
  'commit-accepted': (entry) => ({
    event: 'commit-accepted',
    tone: 'neutral',
    message: `commit ${short(entry)} by ${entry.actor} is taken up: ${entry.message}`,
    closes: ['commit'],
  }),
  'commit-rejected': (entry) => {
    const where = entry.origin === null ? '' : `${formatPosition(entry.origin)}: `;
    return {
      event: 'commit-rejected',
      tone: 'bad',
      message: `commit ${short(entry)} by ${entry.actor} is refused`,
      reason: `${where}${entry.message}`,
      opens: 'commit',
      closes: ['commit'],
    };
  },
  'rollout-started': (entry) => ({
    event: 'rollout-started',
    tone: 'neutral',
    message: `the rollout of commit ${short(entry)} has begun`,
  }),
  'rollout-succeeded': (entry) => ({
    event: 'rollout-succeeded',
    tone: 'good',
    message: `commit ${short(entry)} is rolled out${lasted(entry)}${requestsOf(entry)}`,
    closes: [`rollout/${entry.application}`],
  }),
  'rollout-failed': (entry) => ({
    event: 'rollout-failed',
    tone: 'bad',
    message: `the rollout of commit ${short(entry)} has failed`,
    reason: `${placeOf(entry)}${entry.message}`,
    opens: `rollout/${entry.application}`,
  }),
  'rollback-started': (entry) => ({
    event: 'rollback-started',
    tone: 'bad',
    message: `it goes back to commit ${short(entry)}: ${entry.cause}`,
  }),
  'rolled-back': (entry) => ({
    event: 'rolled-back',
    tone: 'neutral',
    message: `it is back at commit ${short(entry)}${lasted(entry)}: ${entry.cause}`,
  }),
  'host-away': (entry) => ({
    event: 'host-unreachable',
    tone: 'bad',
    message: `host "${entry.host}" does not answer`,
    opens: `host/${entry.host}`,
  }),
  'host-lost': (entry) => ({
    event: 'host-lost',
    tone: 'bad',
    message: `host "${entry.host}" is given up${lasted(entry)}: what may run elsewhere is made there`,
    opens: `host/${entry.host}`,
  }),
  'host-back': (entry) => ({
    event: 'host-back',
    tone: 'good',
    message: `host "${entry.host}" answers again${lasted(entry)}`,
    closes: [`host/${entry.host}`],
  }),
};

function short({ commit }: HistoryEntry): string {
  return commit?.slice(0, 12) ?? '';
}

function placeOf({ service, slot, host }: HistoryEntry): string {
  const place = [service, slot].filter((part) => part !== '').join('/');
  const where = host === null ? place : `${place} on ${host}`;
  return where === '' ? '' : `${where}: `;
}

function requestsOf({ proof = null }: HistoryEntry): string {
  return proof === null ? '' : `; ${proofInWords(proof)}`;
}

function lasted({ at, startedAt }: HistoryEntry): string {
  return startedAt === null ? '' : ` after ${formatSpan(at - startedAt)}`;
}
