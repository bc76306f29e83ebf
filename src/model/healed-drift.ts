import type { DriftCause, DriftClass } from './drift.ts';
import { isoTime } from './iso-time.ts';

/** What a repair puts right, and what the engine told of how it came about. */
export interface HealedDrift {
  readonly class: DriftClass;
  /** Below the service; empty: the instance as a whole. */
  readonly path: string;
  /** Absent: the engine told of nothing that explains it. */
  readonly cause?: DriftCause;
}

/** One repair, as it is remembered to tell whether somebody keeps changing the same thing. */
export interface HealMark {
  readonly class: DriftClass;
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const contendedMs = 15 * 60_000;
const contendedTimes = 3;

/** The marks that count at `now`, with one more. */
export function withHeal(
  marks: readonly HealMark[],
  { class: kind, path }: HealedDrift,
  now: number,
): readonly HealMark[] {
  return [...recent(marks, now), { class: kind, path, at: now }].slice(-keptMarks);
}

/** Of all fields of one instance. */
const keptMarks = 24;

/** Whether somebody keeps changing what is put right: it was so three times within 15 minutes, and is there again. */
export function isContended(
  marks: readonly HealMark[] | undefined,
  drift: Pick<HealedDrift, 'class' | 'path'>,
  now: number,
): boolean {
  const same = recent(marks ?? [], now).filter(
    (mark) => mark.class === drift.class && mark.path === drift.path,
  );
  return same.length >= contendedTimes;
}

function recent(marks: readonly HealMark[], now: number): readonly HealMark[] {
  return marks.filter(({ at }) => now - at < contendedMs);
}

/** `stopped state, docker stop at 2026-11-30T09:12:03Z`. */
export function healedDriftInWords({ class: kind, path, cause }: HealedDrift): string {
  const what = path === '' ? kind : `${kind} ${path}`;
  return cause === undefined ? what : `${what}, ${causeInWords(cause)}`;
}

/** `docker update at 2026-11-30T09:12:03Z`. */
function causeInWords({ detail, at }: DriftCause): string {
  return `${detail} at ${isoTime(at)}`;
}
