import type { Origin } from './origin.ts';

/** Differences that a person has decided to leave alone. All but `path` are patterns that take in everything by default. */
export interface IgnoreRule {
  readonly application: string;
  readonly service: string;
  readonly host: string;
  /** As drift reports show it, or a part of it from the left; `*` stands for any characters. */
  readonly path: string;
  readonly reason: string;
  /** Milliseconds since the epoch: from then on it has no effect; null: it lasts until it is removed. */
  readonly until: number | null;
  readonly origin: Origin;
}

/** Whether a rule has an effect at all. */
export function isInForce({ until }: IgnoreRule, now: number): boolean {
  return until === null || now < until;
}
