import type { Application, Slot, Waiting } from '../generated/status.ts';
import { parseIsoTime } from '../model/iso-time.ts';
import type { Style } from './style.ts';
import { columns, formatCountdown, wrap } from './text.ts';

export interface SlotsView {
  /** Stands before each name: empty, or `shop/`. */
  readonly prefix: string;
  readonly indent: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly style: Style;
  /** Also the slots that are as they should be, however many. */
  readonly all: boolean;
  /** Columns of the page. */
  readonly width?: number;
}

const shownSlots = 12;

/** What is not done yet: first what belongs to no slot, then the slots, those under way before those that wait for their turn. */
export function renderSlots(application: Application, view: SlotsView): readonly string[] {
  const waits = application.waiting.filter(({ slot }) => slot === '');
  const slots = view.all ? application.slots : underWayFirst(application);
  const shown = view.all ? slots : slots.slice(0, shownSlots);
  const rows = [
    ...waits.map((wait) => waitRow(application, wait, view)),
    ...shown.map((slot) => slotRow(slot, view)),
  ];
  const { indent, style } = view;
  const left = slots.length - shown.length;
  const more = left === 0 ? [] : [style.dim(`${indent}… and ${left} more slots`)];
  return [...layOut(rows, view), ...more];
}

interface Row {
  readonly cells: readonly string[];
  readonly reason: string;
}

function waitRow({ application }: Application, wait: Waiting, view: SlotsView): Row {
  const name = wait.service === '' ? application : `${view.prefix}${wait.service}`;
  return {
    cells: [name, wait.host ?? '', wait.kind, countdown(wait.until, view.now)],
    reason: wait.reason,
  };
}

function slotRow(slot: Slot, { prefix, now }: SlotsView): Row {
  const name = `${prefix}${slot.service}/${slot.slot}`;
  const cells = [name, slot.host ?? 'no host', slot.phase, countdown(slot.until, now)];
  return { cells, reason: slot.waitsFor };
}

function countdown(until: string | null, now: number): string {
  return until === null ? '' : formatCountdown(parseIsoTime(until) - now);
}

/** The last column is broken at spaces, and goes on below itself. */
function layOut(rows: readonly Row[], { indent, style, width }: SlotsView): readonly string[] {
  const heads = columns(
    rows.map(({ cells }) => [...cells, '|']),
    indent,
  );
  return rows.flatMap(({ reason }, index) => {
    const head = (heads[index] ?? '').replace(/\|$/, '');
    if (reason === '') return [head.trimEnd()];
    const [first = '', ...more] = wrap(reason, ' '.repeat(head.length), head, width).split('\n');
    return [`${head}${style.dim(first.slice(head.length))}`, ...more.map(style.dim)];
  });
}

function underWayFirst({ slots, waiting }: Application): readonly Slot[] {
  const waitsForTurn = new Set(
    waiting.filter(({ kind }) => kind === 'turn').map(({ service, slot }) => `${service}/${slot}`),
  );
  const open = slots.filter(
    ({ phase, available, waitsFor }) => phase !== 'promoted' || !available || waitsFor !== '',
  );
  const isTurn = ({ service, slot }: Slot): boolean => waitsForTurn.has(`${service}/${slot}`);
  return [...open.filter((slot) => !isTurn(slot)), ...open.filter(isTurn)];
}
