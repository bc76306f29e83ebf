import type { Entry, Slot, Wait, Why } from '../generated/why.ts';
import { parseIsoTime } from '../model/iso-time.ts';
import type { Style } from './style.ts';
import { formatCountdown, formatDuration, formatPosition, wrap } from './text.ts';

/** Why something runs as it does, as text of 80 columns: the chain of each slot, then what is waited for and what to do. */
export function renderWhy(why: Why, style: Style): string {
  const now = parseIsoTime(why.generatedAt);
  const stalled = why.conditions.find(({ type, status }) => type === 'Stalled' && status);
  const ready = why.conditions.find(({ type }) => type === 'Ready');
  const condition = stalled ?? ready;
  const { application, refused } = why;
  return [
    ...why.slots.flatMap((slot) => [...renderSlot(application, slot, style), '']),
    style.bold(application),
    ...(condition === undefined
      ? row('now', 'the commit in force does not have it')
      : row('now', `${condition.reason}: ${condition.message}`)),
    ...why.waits.flatMap((wait) => row('waits', waitText(wait, now))),
    ...(why.wakeAt === null ? [] : row('next look', timeText(why.wakeAt, now))),
    ...(refused === null
      ? []
      : row('refused', `commit ${refused.commit.slice(0, 12)}: ${refused.message}`)),
    ...(why.actions.length === 0 ? row('to do', 'nothing') : []),
    ...why.actions.flatMap((action) => row('to do', action)),
  ].join('\n');
}

function renderSlot(application: string, slot: Slot, style: Style): readonly string[] {
  const { service, host, container, commit, author, subject, origin, field, decision } = slot;
  const path = `${application}/${service}/${slot.slot}`;
  const place = host === null ? path : `${path} on ${host}`;
  const head = [place, container].filter((part) => part !== '').join('  ');
  const by = author === '' ? '' : ` "${subject}" by ${author}`;
  return [
    style.bold(head),
    ...(commit === null ? [] : row('commit', `${commit.slice(0, 12)}${by}`)),
    ...(origin === null ? [] : row('line', formatPosition(origin))),
    ...(field === '' ? [] : row('field', field)),
    ...(decision === null ? [] : row('decision', entryText(decision))),
    ...slot.steps.flatMap((step) => row('step', entryText(step))),
    ...row('result', `${slot.phase}, ${slot.available ? 'serves' : 'does not serve'}`),
  ];
}

function entryText({ at, kind, action, result, cause, message, durationMs }: Entry): string {
  const what = kind === 'step' ? `${action} ${result}` : kind.replaceAll('-', ' ');
  const long = kind === 'step' && durationMs !== null ? ` in ${formatDuration(durationMs)}` : '';
  const why = [cause, message].filter((part) => part !== '').join(': ');
  return `${at} ${what}${long}${why === '' ? '' : `: ${why}`}`;
}

function waitText({ service, slot, host, reason, until }: Wait, now: number): string {
  const path = [service, slot].filter((part) => part !== '').join('/');
  const where = [path, host === null ? '' : `on ${host}`].filter((part) => part !== '').join(' ');
  const end = until === null ? '' : `, until ${timeText(until, now)}`;
  return `${where === '' ? '' : `${where}: `}${reason}${end}`;
}

function timeText(time: string, now: number): string {
  return `${time} (${formatCountdown(parseIsoTime(time) - now)})`;
}

const labelWidth = 10;

function row(name: string, text: string): readonly string[] {
  const first = `  ${name.padEnd(labelWidth)}`;
  return [wrap(text, ' '.repeat(first.length), first)];
}
