import type { Endpoint, FleetSpec, HostSpec } from '../../model/fleet.ts';
import { present } from '../../model/present.ts';
import { toHostName } from '../../model/names.ts';
import {
  child,
  items,
  readBoolean,
  readText,
  readTexts,
  readTextWith,
  silent,
  type Cursor,
} from '../cursor.ts';
import { parseEndpoint } from '../scalars/endpoint.ts';
import { cleanPath } from '../scalars/volume.ts';
import { resolveFailurePolicy } from './failure-policy.ts';
import { resolveGroups } from './groups.ts';
import { resolveHealPolicy } from './heal-policy.ts';
import { resolveImagePolicy } from './image-policy.ts';
import { resolveIgnoreRule } from './ignore-rules.ts';
import { resolveNamespaceQuotas } from './namespace-quotas.ts';
import { collectOrigins } from './origins.ts';
import { resolveProxies } from './proxies.ts';
import { resolveAmounts } from './room.ts';
import { resolveTextMap } from './text-map.ts';

/** `fleet.yaml` with every default filled in; it means nothing when something was reported. */
export function resolveFleet(root: Cursor): FleetSpec {
  return {
    name: readText(child(root, 'name')) ?? '',
    ...resolveGroups(child(root, 'groups'), resolveHosts(child(root, 'hosts'))),
    variables: resolveTextMap(child(root, 'variables')),
    prune: { approved: readTexts(child(root, 'prune', 'approved')) },
    rollback: {
      writeBack: readText(child(root, 'rollback', 'writeBack')) === 'commit' ? 'commit' : 'off',
    },
    ...hostPaths(child(root, 'policy', 'hostPaths')),
    image: resolveImagePolicy(child(root, 'image')),
    failure: resolveFailurePolicy(child(root, 'failure')),
    driftIgnore: items(child(root, 'drift', 'ignore')).map((rule) => resolveIgnoreRule(rule, {})),
    ...resolveHealPolicy(child(root, 'drift')),
    ...resolveNamespaceQuotas(child(root, 'namespaces')),
    ...present({ prometheus: readText(child(root, 'prometheus', 'url')) }),
    proxies: resolveProxies(root),
    origin: root.origin,
  };
}

function hostPaths(cursor: Cursor): Pick<FleetSpec, 'hostPaths'> {
  const text = readText(cursor);
  if (text === 'deny') return { hostPaths: [] };
  return cursor.node?.kind === 'list' ? { hostPaths: readTexts(cursor).map(cleanPath) } : {};
}

export function resolveVariables(root: Cursor): ReadonlyMap<string, string> {
  return new Map(Object.entries(resolveTextMap(silent(child(root, 'variables')))));
}

function resolveHosts(cursor: Cursor): readonly HostSpec[] {
  const hosts = items(cursor).flatMap((host) => resolveHost(host) ?? []);
  return hosts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function resolveHost(host: Cursor): HostSpec | null {
  const endpoint = readTextWith(child(host, 'endpoint'), parseEndpoint);
  if (endpoint === null) return null;
  return {
    name: toHostName(readText(child(host, 'name')) ?? ''),
    endpoint,
    address: readText(child(host, 'address')) ?? addressOf(endpoint),
    labels: resolveTextMap(child(host, 'labels')),
    ...present({
      capacity: resolveAmounts(child(host, 'capacity')),
      reserve: resolveAmounts(child(host, 'reserve')),
    }),
    cordon: readBoolean(child(host, 'cordon')) ?? false,
    drain: readBoolean(child(host, 'drain')) ?? false,
    origins: collectOrigins(host),
  };
}

function addressOf(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? '127.0.0.1' : endpoint.host;
}
