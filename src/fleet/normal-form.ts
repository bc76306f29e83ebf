import { posix } from 'node:path';

import type { HealthcheckSpec } from '../model/container.ts';
import type { WireContainer, WireHealthcheck } from './wire.ts';

/** Small rules that inspect JSON of containers and of images share: absent, null, empty and zero mean the same. */

/** `null` for an empty list: what Docker merged from the image is already in it, so both mean "none". */
export function listOrNull(list: readonly string[] | null | undefined): readonly string[] | null {
  return list === null || list === undefined || list.length === 0 ? null : [...list];
}

export function textOrNull(text: string | null | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

/** `null` for zero and below, which is how the engine says "no limit". */
export function positiveOrNull(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && value > 0 ? value : null;
}

/** Nothing below /proc and /sys is hidden or read-only; the engine has two empty lists for it. */
export const unconfinedPaths = 'systempaths=unconfined';

/** The name, which the engine writes with a leading slash. */
export function containerName(container: Pick<WireContainer, 'Name'>): string {
  return (container.Name ?? '').replace(/^\//, '');
}

/** `KEY=value` entries as a record; the last one wins, and a bare `KEY` (which masks the image's) is null. */
export function parseEnvironment(
  entries: readonly string[] | null | undefined,
): Record<string, string | null> {
  const pairs = (entries ?? []).map((entry): [string, string | null] => {
    const at = entry.indexOf('=');
    return at < 0 ? [entry, null] : [entry.slice(0, at), entry.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

/** Without a trailing slash, doubled slashes and dots, as the engine itself cleans a mount's target. */
export function cleanPath(path: string): string {
  const clean = posix.normalize(path);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

/** `80` → `80/tcp`: engine 20.10 keeps a key as it was sent. */
export function portKey(key: string): string {
  return key.includes('/') ? key : `${key}/tcp`;
}

/** Ports as `8080/tcp`, by number and then by protocol. */
export function comparePortKeys(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10) || compareText(a, b);
}

const disabledCheck: HealthcheckSpec = {
  test: ['NONE'],
  intervalMs: null,
  timeoutMs: null,
  startPeriodMs: null,
  startIntervalMs: null,
  retries: null,
};

export function projectHealthcheck(
  check: WireHealthcheck | null | undefined,
): HealthcheckSpec | null {
  if (check === null || check === undefined) return null;
  // The engine still fills the timing of a disabled check in from the image.
  if (check.Test?.[0] === 'NONE') return disabledCheck;
  const spec: HealthcheckSpec = {
    test: listOrNull(check.Test),
    intervalMs: milliseconds(check.Interval),
    timeoutMs: milliseconds(check.Timeout),
    startPeriodMs: milliseconds(check.StartPeriod),
    startIntervalMs: milliseconds(check.StartInterval),
    retries: positiveOrNull(check.Retries),
  };
  return Object.values(spec).every((value) => value === null) ? null : spec;
}

export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function milliseconds(nanoseconds: number | undefined): number | null {
  const value = positiveOrNull(nanoseconds);
  return value === null ? null : value / 1e6;
}
