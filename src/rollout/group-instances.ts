import type { Instance } from '../drift/identify.ts';

/** Instances by a key, each group in the order of the instances. */
export function groupInstances(
  instances: readonly Instance[],
  keyOf: (instance: Instance) => string,
): ReadonlyMap<string, readonly Instance[]> {
  const groups = new Map<string, Instance[]>();
  for (const instance of instances) {
    const group = groups.get(keyOf(instance));
    if (group === undefined) groups.set(keyOf(instance), [instance]);
    else group.push(instance);
  }
  return groups;
}
