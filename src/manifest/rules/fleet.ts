import { matchesGlob } from '../../model/glob.ts';
import {
  child,
  complain,
  items,
  members,
  readText,
  readTextWith,
  silent,
  warn,
  type Cursor,
} from '../cursor.ts';
import { formatPlace } from '../report.ts';
import { parseEndpoint } from '../scalars/endpoint.ts';
import { didYouMean } from '../suggest.ts';
import { resolveTextMap } from '../resolve/text-map.ts';
import { judgeIgnoreRule } from './ignore-rules.ts';

/** Judges one aspect of `fleet.yaml`. */
type FleetRule = (root: Cursor) => void;

export const fleetRules: readonly FleetRule[] = [
  hostNamesAreDistinct,
  endpointsAreDistinct,
  ignoreRulesTakeInSomething,
  namespacesHaveHosts,
];

function ignoreRulesTakeInSomething(root: Cursor): void {
  const hosts = items(child(root, 'hosts')).flatMap((host) => readText(child(host, 'name')) ?? []);
  for (const rule of items(child(root, 'drift', 'ignore'))) {
    judgeIgnoreRule(rule);
    const host = child(rule, 'host');
    const pattern = readText(host);
    if (pattern === null || hosts.some((name) => matchesGlob(pattern, name))) continue;
    const message = `no host is named "${pattern}"${didYouMean(pattern, hosts)}`;
    warn(host, 'unknown-host', message, 'The rule has no effect: correct the name, or remove it');
  }
}

function namespacesHaveHosts(root: Cursor): void {
  const hosts = items(child(root, 'hosts'));
  const names = hosts.flatMap((host) => readText(child(host, 'name')) ?? []);
  for (const [, namespace] of members(child(root, 'namespaces'))) {
    const place = child(namespace, 'hosts');
    for (const item of items(place)) {
      const name = readText(item);
      if (name === null || names.includes(name)) continue;
      const message = `no host is named "${name}"${didYouMean(name, names)}`;
      complain(item, 'unknown-host', message, 'Correct the name, or remove it');
    }
    if (place.node?.kind !== 'map') continue;
    const labels = Object.entries(resolveTextMap(silent(place)));
    const isMet = hosts.some((host) => {
      const own = resolveTextMap(silent(child(host, 'labels')));
      return labels.every(([label, value]) => own[label] === value);
    });
    if (isMet || labels.length === 0) continue;
    const message = 'no host has these labels: nothing of the namespace can be placed';
    warn(place, 'unknown-host', message, 'Correct the labels, or give them to a host');
  }
}

function hostNamesAreDistinct(root: Cursor): void {
  const seen = new Map<string, Cursor>();
  for (const host of items(child(root, 'hosts'))) {
    const name = child(host, 'name');
    const text = readText(name);
    if (text === null) continue;
    const first = seen.get(text.toLowerCase());
    if (first === undefined) seen.set(text.toLowerCase(), name);
    else {
      complain(
        name,
        'duplicate-host',
        `two hosts are named "${text}"; the other stands at ${formatPlace(first.origin)}`,
        'Constraints, reports and credentials tell hosts apart by their names, whatever their case',
      );
    }
  }
}

/** One engine under two names would be given every instance twice. */
function endpointsAreDistinct(root: Cursor): void {
  const seen = new Map<string, Cursor>();
  for (const host of items(child(root, 'hosts'))) {
    const place = child(host, 'endpoint');
    const endpoint = readTextWith(silent(place), parseEndpoint);
    if (endpoint === null) continue;
    const key = JSON.stringify(endpoint).toLowerCase();
    const first = seen.get(key);
    if (first === undefined) seen.set(key, place);
    else {
      const message = `two hosts have the same endpoint; the other stands at ${formatPlace(first.origin)}`;
      complain(place, 'duplicate-endpoint', message, 'Remove one of the two hosts');
    }
  }
}
