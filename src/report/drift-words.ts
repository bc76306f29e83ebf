import type { Rule } from '../generated/drift.ts';
import { formatPosition } from './text.ts';

/** The field that an item is about; that of an instance as a whole has no path. */
export function fieldName(path: string): string {
  return path === '' ? 'instance' : path;
}

/** `fleet.yaml:9:7, until 2027-02-01T00:00:00Z`. */
export function ruleInWords(rule: Rule): string {
  return `${formatPosition(rule)}${rule.until === null ? '' : `, until ${rule.until}`}`;
}

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
