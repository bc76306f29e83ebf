import {
  child,
  complain,
  complainAtKey,
  isEmptyOrNull,
  items,
  members,
  readText,
} from '../cursor.ts';
import { didYouMean } from '../suggest.ts';
import type { Rule } from './rule.ts';

/** What is adopted is named, for services that are there, and each container for one slot only. */
export const adoptionsNameContainers: Rule = ({ root, services, jobs }) => {
  const adopt = child(root, 'x-fleetwright', 'adopt');
  if (isEmptyOrNull(adopt)) return;
  const containers = members(child(adopt, 'containers'));
  if (readText(child(adopt, 'composeProject')) === null && containers.length === 0) {
    const message = 'it names nothing to adopt';
    complainAtKey(adopt, 'missing-key', message, 'Add composeProject, or containers by service');
  }
  const seen = new Set<string>();
  for (const [service, names] of containers) {
    if (!services.has(service)) {
      const message = `service "${service}" is not defined${didYouMean(service, services.keys())}`;
      complainAtKey(names, 'undefined-service', message);
    } else if (jobs.has(service)) {
      const message = `service "${service}" is a job: it runs once per version, and nothing of it can be adopted`;
      complainAtKey(names, 'conflicting-keys', message);
    }
    for (const name of items(names)) {
      const text = readText(name) ?? '';
      if (seen.has(text)) complain(name, 'conflicting-keys', `container "${text}" is named twice`);
      seen.add(text);
    }
  }
};
