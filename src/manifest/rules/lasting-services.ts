import type { Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';

/** The services that run all the time: those that are not jobs. */
export function lastingServices({
  services,
  jobs,
}: Subject): readonly (readonly [name: string, service: Cursor])[] {
  return [...services].filter(([name]) => !jobs.has(name));
}
