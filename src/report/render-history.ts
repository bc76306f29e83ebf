import type { Entry, History } from '../generated/history.ts';
import { proofInWords } from '../model/proof.ts';
import type { Style } from './style.ts';
import { count, formatDuration, formatPosition, wrap } from './text.ts';

/** The history as text of 80 columns: what happened and to whom on one line, why and at whose word below. */
export function renderHistory({ entries, next }: History, style: Style): string {
  if (entries.length === 0) return 'Nothing of that kind is in the history.';
  const more = next === null ? [] : ['', style.dim(`There is more: --before ${next}`)];
  return [...entries.flatMap((entry) => renderEntry(entry, style)), ...more].join('\n');
}

/** One entry on a line or more. */
function renderEntry(entry: Entry, style: Style): readonly string[] {
  const { at } = entry;
  const paint = paintOf(entry, style);
  const subject = subjectOf(entry);
  const title = [subject, whatHappened(entry), howLong(entry)].filter((part) => part !== '');
  const details = detailsOf(entry);
  const first = wrap(title.join('  '), '  ', `${at}  `);
  return [paint(first), ...(details === '' ? [] : [style.dim(wrap(details, '    '))])];
}

/** Where it happened: `shop/web/1 on host-1`; empty for the fleet. */
function subjectOf({ application, service, slot, host }: Entry): string {
  const path = [application, service, slot].filter((part) => part !== '').join('/');
  if (host === null) return path;
  return path === '' ? `host ${host}` : `${path} on ${host}`;
}

function whatHappened({ kind, action, result }: Entry): string {
  if (kind === 'request') return `${action} ${result === 'done' ? 'asked for' : result}`;
  if (kind === 'step') return `${action} ${result}`;
  // What is about a host begins with its name.
  const words = kind.replace(/^host-/, '').replaceAll('-', ' ');
  // The other kinds say it themselves.
  return kind === 'healed' && result !== 'done' ? `heal ${result}` : words;
}

function howLong({ durationMs, steps, result }: Entry): string {
  const taken = steps === null || steps === 0 ? '' : count(steps, 'step');
  const isLong = durationMs !== null && result !== 'begun';
  const parts = [isLong ? `in ${formatDuration(durationMs)}` : '', taken];
  return parts.filter((part) => part !== '').join(', ');
}

function detailsOf(entry: Entry): string {
  const { cause, message, commit, origin, fields, actor, container, proof } = entry;
  const why = [cause, message].filter((part) => part !== '').join(': ');
  const [field] = fields;
  const line = origin === null ? '' : formatPosition(origin);
  const where = [line, field ?? ''].filter((part) => part !== '').join(' ');
  const what = commit === null ? '' : `commit ${commit.slice(0, 12)}`;
  const who = actor === '' ? '' : `by ${actor}`;
  const said = [what, who].filter((part) => part !== '').join(' ');
  const requests = proof === null || isSaid(entry) ? '' : proofInWords(proof);
  return [why, requests, where, container, said].filter((part) => part !== '').join('; ');
}

/** What failed because of its requests says what became of them. */
function isSaid({ kind, message }: Entry): boolean {
  return kind === 'rollout-failed' && message.startsWith('RequestsFailed');
}

function paintOf({ result, kind }: Entry, style: Style): (text: string) => string {
  if (result === 'failed' || kind === 'host-lost') return style.red;
  if (result === 'refused' || result === 'unknown' || kind === 'host-away') return style.yellow;
  return (text) => text;
}
