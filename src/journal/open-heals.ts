import type Database from 'libsql';

import type { HistoryEntry } from '../model/history.ts';
import { slotKey } from '../model/labels.ts';
import type { Step, StepOutcome } from '../model/step.ts';
import { isTrafficAction } from '../model/step.ts';
import { historyBytes } from './history-rows.ts';

type Prepare = (query: string) => Database.Statement;

interface OpenHeal {
  readonly id: number;
  readonly entry: HistoryEntry;
}

/** Repairs of an application, or of one slot of it, are over: the next one begins, or something else does. */
export function endHeals(prepare: Prepare, application: string, slot: string | null = null): void {
  const open = openHeals(prepare, application);
  const over = slot === null ? open : open.filter(isOf(slot));
  for (const { id } of over) prepare('UPDATE history SET is_open = 0 WHERE id = ?').run(id);
}

/** The cause of a repair, its steps and what came of it become known with its steps. Gives the bytes that it takes more. */
export function healStep(prepare: Prepare, step: Step, told: HistoryEntry): number {
  // What a proxy is told repairs nothing.
  if (isTrafficAction(step.action)) return 0;
  const heal = openHeals(prepare, step.application).find(isOf(slotKey(step)));
  if (heal === undefined) return 0;
  const { entry } = heal;
  const isFirst = entry.steps === 0;
  const isOver = endsHeal(step, told.result, isFirst);
  const { commit, origin, fields, container } = isFirst ? told : entry;
  const next: HistoryEntry = {
    ...entry,
    commit,
    origin,
    fields,
    cause: isFirst ? bothCauses(entry.cause, told.cause) : entry.cause,
    container,
    at: told.at,
    host: told.host,
    steps: (entry.steps ?? 0) + 1,
    result: isOver ? told.result : 'begun',
    message: told.result === 'done' ? entry.message : told.message,
  };
  const text = JSON.stringify(next);
  prepare(
    'UPDATE history SET at = ?, is_open = ?, host = ?, bytes = ?, entry = ? WHERE id = ?',
  ).run(next.at, Number(!isOver), next.host ?? '', historyBytes(text), text, heal.id);
  return historyBytes(text) - historyBytes(JSON.stringify(entry));
}

/** What happened, and what is done about it. */
function bothCauses(drift: string, step: string): string {
  return drift === '' ? step : `${drift}: ${step}`;
}

/** One that is made anew is well when it is promoted; all else is put right by one step. */
function endsHeal(
  { action }: Step,
  result: StepOutcome['kind'] | HistoryEntry['result'],
  isFirst: boolean,
): boolean {
  if (result === 'failed' || action.kind === 'update-container') return true;
  return isFirst && action.kind !== 'create-container' && action.kind !== 'stop-container';
}

function openHeals(prepare: Prepare, application: string): readonly OpenHeal[] {
  const rows = prepare('SELECT id, entry FROM history WHERE is_open = 1 AND application = ?').all(
    application,
  ) as readonly { readonly id: number; readonly entry: string }[];
  return rows.map(({ id, entry }) => ({ id, entry: JSON.parse(entry) as HistoryEntry }));
}

function isOf(slot: string): (heal: OpenHeal) => boolean {
  return ({ entry }) => slotKey(entry) === slot;
}
