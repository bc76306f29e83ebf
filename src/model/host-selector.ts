import type { HostSpec } from './fleet.ts';

/** Some hosts: by their names and those of their groups, or by labels, all of which they have. */
export type HostSelector = readonly string[] | Readonly<Record<string, string>>;

/** A host as selectors see it. */
export type SelectedHost = Pick<HostSpec, 'name' | 'labels' | 'groups'>;

export function selects(
  selector: HostSelector,
  { name, labels, groups = [] }: SelectedHost,
): boolean {
  if (isList(selector)) return [name, ...groups].some((each) => selector.includes(each));
  return Object.entries(selector).every(([label, value]) => labels[label] === value);
}

function isList<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}
