import { matchesGlob } from '../../model/glob.ts';
import {
  child,
  complain,
  complainAtKey,
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
import { originOf } from '../../model/origin.ts';
import { resolveFleet } from '../resolve/fleet.ts';
import { resolveTextMap } from '../resolve/text-map.ts';
import { judgeHostNames } from './host-names.ts';
import { isIpAddress } from '../scalars/port.ts';
import { judgeIgnoreRule } from './ignore-rules.ts';
import { judgePrometheus } from './prometheus.ts';

/** Judges one aspect of `fleet.yaml`. */
type FleetRule = (root: Cursor) => void;

export const fleetRules: readonly FleetRule[] = [
  hostNamesAreDistinct,
  endpointsAreDistinct,
  ignoreRulesTakeInSomething,
  groupsNameHosts,
  namespacesHaveHosts,
  proxiesReachHosts,
  (root) => judgePrometheus(child(root, 'prometheus', 'url')),
];

/** What a proxy is told of instances is an address, and it asks nobody what a name stands for. */
function proxiesReachHosts(root: Cursor): void {
  const { hosts, proxies } = resolveFleet(silent(root));
  if (proxies.length === 0) return;
  for (const { name, address, origins } of hosts) {
    if (isIpAddress(address)) continue;
    const origin = originOf(origins, 'address') ?? root.origin;
    const message = `host "${name}" is reached at "${address}", and proxies are told IP addresses`;
    complain(
      root.with({ origin }),
      'invalid-value',
      message,
      'Give the host an address: that is one',
    );
  }
}

function ignoreRulesTakeInSomething(root: Cursor): void {
  const hosts = hostNames(root);
  for (const rule of items(child(root, 'drift', 'ignore'))) {
    judgeIgnoreRule(rule);
    const host = child(rule, 'host');
    const pattern = readText(host);
    if (pattern === null || hosts.some((name) => matchesGlob(pattern, name))) continue;
    const message = `no host is named "${pattern}"${didYouMean(pattern, hosts)}`;
    warn(host, 'unknown-host', message, 'The rule has no effect: correct the name, or remove it');
  }
}

/** A name in a selector is that of a host or of a group, so that it must not be both. */
function groupsNameHosts(root: Cursor): void {
  const hosts = hostNames(root);
  for (const [name, group] of members(child(root, 'groups'))) {
    judgeHostNames(group, hosts, 'host');
    const host = hosts.find((each) => each.toLowerCase() === name);
    if (host === undefined) continue;
    const message = `the group "${name}" is named like a host`;
    complainAtKey(group, 'duplicate-host', message, 'Give it a name of its own');
  }
}

function hostNames(root: Cursor): readonly string[] {
  return items(child(root, 'hosts')).flatMap((host) => readText(child(host, 'name')) ?? []);
}

function namespacesHaveHosts(root: Cursor): void {
  const hosts = items(child(root, 'hosts'));
  const groups = members(child(root, 'groups')).map(([name]) => name);
  for (const [, namespace] of members(child(root, 'namespaces'))) {
    const place = child(namespace, 'hosts');
    judgeHostNames(place, [...hostNames(root), ...groups]);
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
