import type { CaddyObject } from './caddy-table.ts';

/** What is no object is left out. */
export function objectsIn(value: unknown): readonly CaddyObject[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is CaddyObject => typeof one === 'object' && one !== null);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** NaN: it is none. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}
