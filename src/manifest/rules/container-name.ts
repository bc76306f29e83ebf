import { child, complain, readNumber, readText, type Cursor } from '../cursor.ts';
import { formatPlace } from '../report.ts';
import type { Rule } from './rule.ts';

/** Of one container name there is one container. */
export const namedContainersAreAlone: Rule = ({ services }) => {
  const seen = new Map<string, Cursor>();
  for (const service of services.values()) {
    const name = child(service, 'container_name');
    const text = readText(name);
    if (text === null) continue;
    const first = seen.get(text);
    if (first === undefined) seen.set(text, name);
    else {
      const message = `the container name "${text}" is taken by the service at ${formatPlace(first.origin)}`;
      complain(name, 'conflicting-keys', message, 'Choose another name');
    }
    for (const place of [child(service, 'deploy', 'replicas'), child(service, 'scale')]) {
      const replicas = readNumber(place);
      if (replicas === null || replicas < 2) continue;
      const message = `a service with "container_name" cannot have ${replicas} instances: only one container can have a name`;
      complain(place, 'conflicting-keys', message, 'Remove container_name, or set it to 1');
      break;
    }
  }
};
