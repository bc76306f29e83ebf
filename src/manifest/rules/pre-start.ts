import {
  child,
  complain,
  complainAtKey,
  isPresent,
  items,
  readBoolean,
  readTexts,
  type Cursor,
} from '../cursor.ts';
import { hookServices } from '../pre-start.ts';
import type { Rule } from './rule.ts';

/** A pre_start hook has something to run, runs once, and has a name of its own among the services. */
export const preStartHooksAreJobs: Rule = ({ services, jobs }) => {
  for (const [name, service] of services) {
    const place = child(service, 'pre_start');
    const hooks = items(place);
    for (const hook of hooks) {
      const perReplica = child(hook, 'per_replica');
      if (readBoolean(perReplica) === true) {
        complain(
          perReplica,
          'unsupported-value',
          '"per_replica: true" is not supported: a hook runs once for all instances',
          'Let the entrypoint of the image do it',
        );
      }
      const isNamed = isPresent(child(hook, 'image'));
      if (isNamed || readTexts(child(hook, 'command')).length > 0) continue;
      const message =
        'a pre_start hook without "image" needs a "command": the image is that of the service';
      complain(hook, 'missing-key', message, 'Add command, or image');
    }
    if (hooks.length > 0 && jobs.has(name)) {
      const message = `job "${name}" cannot have "pre_start"`;
      complainAtKey(
        place,
        'conflicting-keys',
        message,
        'Make it a job of its own, and wait for it',
      );
    }
    const taken = hookServices(name, service.node).find((each) => !isHook(services.get(each)));
    if (taken === undefined) continue;
    const message = `service "${name}" has a pre_start hook that is run as service "${taken}", and there is another one of that name`;
    complainAtKey(place, 'duplicate-service', message, 'Give that service another name');
  }
};

function isHook(service: Cursor | undefined): boolean {
  return service !== undefined && isPresent(child(service, 'x-fleetwright', 'job'));
}
