import { InvalidArgumentError } from 'commander';

import { parseDuration } from '../manifest/scalars/duration.ts';

/** Timers count in 31 bits; longer is as good as for ever. */
const longestTimeoutMs = 2 ** 31 - 1;

export function parseTimeout(text: string): number {
  return Math.min(parseTime(text), longestTimeoutMs);
}

export function parseTime(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  if (parsed.value >= 0) return parsed.value;
  throw new InvalidArgumentError('it must not be negative.');
}

const highestLimit = 10_000;

export function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= highestLimit) return limit;
  throw new InvalidArgumentError(`give a whole number from 1 to ${highestLimit}.`);
}

export function parseInterval(text: string): number {
  const ms = parseTimeout(text);
  if (ms > 0) return ms;
  throw new InvalidArgumentError('it must be longer than 0.');
}

export function parseMoves(text: string): number {
  const moves = Number(text);
  if (/^\d{1,6}$/.test(text) && moves > 0) return moves;
  throw new InvalidArgumentError('give a whole number from 1 on.');
}

export function parseCommit(
  text: string,
  before: readonly string[] | undefined,
): readonly string[] {
  if (/^[0-9a-f]{7,40}$/.test(text)) return [...(before ?? []), text];
  throw new InvalidArgumentError('give a commit id, or at least its first 7 digits.');
}
