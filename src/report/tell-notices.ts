import type { HistoryEntry } from '../model/history.ts';
import { ourselves } from '../model/history.ts';
import type { CommitSha } from '../model/names.ts';
import type { Matter, Notice, NoticeEvent } from '../model/notice.ts';
import { printable } from '../model/printable.ts';
import { noticeOfEntry, type NoticeDraft } from './notice-of-entry.ts';
import type { Levels, Trouble } from './troubles.ts';

/** What must be remembered of what was told, so that nothing is told twice. */
export interface TellState {
  /** Of this memory: the ids of another one are others. */
  readonly id: string;
  readonly told: number;
  /** Name of the fleet; empty: none is known. */
  readonly fleet: string;
  /** The commit of which it was told that all is as it asks; null: of none, or it is not so any more. */
  readonly converged: CommitSha | null;
}

export interface TellInput {
  /** The oldest first. */
  readonly entries: readonly HistoryEntry[];
  /** Null: nothing was decided since. */
  readonly levels: Levels | null;
  /** Since when each trouble has been seen, in milliseconds since the epoch. */
  readonly since: ReadonlyMap<string, number>;
  /** Whether the newest head is refused. */
  readonly isRefused: boolean;
  /** By key. */
  readonly open: ReadonlyMap<string, Matter>;
  readonly state: TellState;
  readonly now: number;
}

/** A notice with the matter that it ends. */
export interface Telling {
  readonly notice: Notice;
  readonly ended: Matter | null;
}

export interface Told {
  readonly tellings: readonly Telling[];
  readonly open: ReadonlyMap<string, Matter>;
  readonly state: TellState;
}

/** What is to be told now: what the history has more, what has become bad and what good again. Edges alone, each once. */
export function tellNotices(input: TellInput): Told {
  const { entries, levels, now } = input;
  const teller = new Teller(input.open, input.state);
  for (const entry of entries) {
    const draft = noticeOfEntry(entry);
    if (draft !== null) teller.tell(draft);
  }
  if (!input.isRefused) {
    const message = 'the refused commit is not the head any more';
    teller.end('commit', ending('commit-withdrawn', '', message, now));
  }
  if (levels !== null) tellLevels(teller, levels, input);
  return teller.told();
}

function tellLevels(teller: Teller, levels: Levels, { since, now }: TellInput): void {
  const { troubles, applications, hosts, ready, converged } = levels;
  const present = new Set(troubles.map(({ key }) => key));
  for (const trouble of troubles) {
    const seen = since.get(trouble.key) ?? now;
    if (now - seen >= trouble.patienceMs) teller.begin(trouble.key, () => opening(trouble, now));
  }
  for (const key of teller.openKeys()) {
    const [kind = '', subject = ''] = key.split(/\/(.*)/s);
    const isGone =
      kind === 'host' ? !hosts.has(subject) : subject !== '' && !applications.has(subject);
    // Nobody waits to hear how what is not there any more is doing.
    if (isGone && kind !== 'drift-report' && kind !== 'drift-heal') teller.forget(key);
    else if (kind === 'rollout' && ready.has(subject)) teller.end(key, recovered(subject, now));
    // After a start it is not known at once what stood in the way, so that this alone would say nothing.
    else if (kind === 'health' && !ready.has(subject)) continue;
    else if (!present.has(key)) endLevel(teller, key, kind, subject, now);
  }
  if (converged !== null) teller.converged(converged, now);
}

function endLevel(teller: Teller, key: string, kind: string, subject: string, now: number): void {
  if (kind === 'health') teller.end(key, recovered(subject, now));
  if (kind === 'drift-report' || kind === 'drift-heal') {
    teller.end(key, ending('drift-healed', subject, 'it is as the commit asks again', now));
  }
  if (kind === 'operator') {
    const message = 'nothing says any more that the operator is cut off';
    teller.end(key, ending('operator-reconnected', '', message, now));
  }
}

function recovered(application: string, now: number): NoticeDraft {
  return ending('application-recovered', application, 'it is well again', now);
}

function opening({ key, event, application, message }: Trouble, at: number): NoticeDraft {
  const text = printable(message, 1_000);
  return { ...nothingElse, event, tone: 'bad', at, application, message: text, opens: key };
}

function ending(event: NoticeEvent, application: string, message: string, at: number): NoticeDraft {
  return { ...nothingElse, event, tone: 'good', at, application, message };
}

const nothingElse = {
  service: '',
  slot: '',
  host: null,
  commit: null,
  origin: null,
  actor: ourselves,
  reason: '',
  opens: null,
  closes: [],
} as const;

class Teller {
  readonly #open: Map<string, Matter>;
  readonly #tellings: Telling[] = [];
  #state: TellState;

  constructor(open: ReadonlyMap<string, Matter>, state: TellState) {
    this.#open = new Map(open);
    this.#state = state;
  }

  openKeys(): readonly string[] {
    return [...this.#open.keys()];
  }

  tell(draft: NoticeDraft): void {
    const { opens, closes, ...rest } = draft;
    const ended = closes.map((key) => this.#open.get(key)).find((one) => one !== undefined) ?? null;
    for (const key of closes) this.#open.delete(key);
    const told = this.#state.told + 1;
    const { id, fleet } = this.#state;
    const resolves = draft.tone === 'bad' ? null : (ended?.id ?? null);
    const notice: Notice = { id: `${id}-${told}`, fleet, ...rest, resolves, reminds: null };
    this.#state = { ...this.#state, told };
    if (opens !== null) this.#goOn(opens, notice);
    // What it was brought to, it is not at.
    if (draft.event === 'rollout-failed') this.#state = { ...this.#state, converged: null };
    this.#tellings.push({ notice, ended: resolves === null ? null : ended });
  }

  #goOn(key: string, latest: Notice): void {
    const { id, at, event } = latest;
    const { events, ...first } = this.#open.get(key) ?? { id, at, events: [] };
    this.#open.set(key, {
      id: first.id,
      at: first.at,
      latest,
      events: [...new Set([...events, event])],
    });
  }

  begin(key: string, draft: () => NoticeDraft): void {
    if (!this.#open.has(key)) this.tell(draft());
  }

  end(key: string, draft: NoticeDraft): void {
    if (this.#open.has(key)) this.tell({ ...draft, closes: [key] });
  }

  forget(key: string): void {
    this.#open.delete(key);
  }

  converged(commit: CommitSha, at: number): void {
    if (this.#state.converged === commit) return;
    this.#state = { ...this.#state, converged: commit };
    const message = `the fleet is as commit ${commit.slice(0, 12)} asks`;
    this.tell({ ...ending('commit-converged', '', message, at), commit });
  }

  told(): Told {
    return { tellings: this.#tellings, open: this.#open, state: this.#state };
  }
}
