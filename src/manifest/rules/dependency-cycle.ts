import { child, complainAtKey, members } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import type { Rule } from './rule.ts';

/** No service waits for itself. Each cycle is reported once, from its first service by name. */
export const dependenciesHaveNoCycle: Rule = (subject) => {
  const finished = new Set<string>();
  for (const name of [...subject.services.keys()].toSorted()) {
    const cycle = findCycle(subject, [name], finished);
    if (cycle !== null) reportCycle(subject, cycle);
  }
};

/** Depth-first from the last service of `trail`; every service is entered once. */
function findCycle(
  subject: Subject,
  trail: readonly string[],
  finished: Set<string>,
): readonly string[] | null {
  const name = trail.at(-1) ?? '';
  if (finished.has(name)) return null;
  finished.add(name);
  for (const next of dependenciesOf(subject, name)) {
    const start = trail.indexOf(next);
    const cycle =
      start === -1 ? findCycle(subject, [...trail, next], finished) : trail.slice(start);
    if (cycle !== null) return cycle;
  }
  return null;
}

function dependenciesOf(subject: Subject, name: string): readonly string[] {
  const service = subject.services.get(name);
  if (service === undefined) return [];
  return members(child(service, 'depends_on'))
    .map(([key]) => key)
    .filter((key) => subject.services.has(key))
    .toSorted();
}

function reportCycle(subject: Subject, cycle: readonly string[]): void {
  const [first = '', second = first] = cycle;
  const service = subject.services.get(first);
  if (service === undefined) return;
  complainAtKey(
    child(service, 'depends_on', second),
    'dependency-cycle',
    `services wait for each other: ${[...cycle, first].join(' → ')}`,
    'Remove one of these dependencies',
  );
}
