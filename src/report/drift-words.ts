import type { Item, Rule } from '../generated/drift.ts';
import { formatPosition } from './text.ts';

/** The field that an item is about; that of an instance as a whole has no path. */
export function fieldName(path: string): string {
  return path === '' ? 'instance' : path;
}

/** `fleet.yaml:9:7, until 2027-02-01T00:00:00Z`. */
export function ruleInWords(rule: Rule): string {
  return `${formatPosition(rule)}${rule.until === null ? '' : `, until ${rule.until}`}`;
}

/** `docker update at 2027-02-01T09:12:03Z`; empty: nobody knows. */
export function causeWords({ cause }: Pick<Item, 'cause'>): string {
  return cause === null ? '' : `${cause.detail} at ${cause.at}`;
}

/** Said of what somebody keeps changing. */
export const contendedWords = 'contended: somebody keeps changing it back';

/** `shop/web`; an object of the application as a whole has no service. */
export function serviceInWords(item: {
  readonly application: string;
  readonly service: string;
}): string {
  return item.service === '' ? item.application : `${item.application}/${item.service}`;
}

/** The name without the address. */
export function nameOf(author: string): string {
  return author.replace(/ <.*>$/, '');
}
