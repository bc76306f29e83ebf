import { mapNode, textNode, valueNode } from './build-node.ts';
import type { MapEntry, MapNode, Node } from './node.ts';
import { member } from './node.ts';

/** What a hook has from its service: all that is about where and with what a container runs, not what it is reached by. */
const inherited = [
  'annotations',
  'blkio_config',
  'cap_add',
  'cap_drop',
  'cgroup',
  'cgroup_parent',
  'configs',
  'cpu_period',
  'cpu_quota',
  'cpu_rt_period',
  'cpu_rt_runtime',
  'cpu_shares',
  'cpus',
  'cpuset',
  'device_cgroup_rules',
  'devices',
  'dns',
  'dns_opt',
  'dns_search',
  'env_file',
  'environment',
  'external_links',
  'extra_hosts',
  'gpus',
  'group_add',
  'image',
  'init',
  'ipc',
  'links',
  'logging',
  'mem_limit',
  'mem_reservation',
  'mem_swappiness',
  'memswap_limit',
  'network_mode',
  'oom_kill_disable',
  'oom_score_adj',
  'pid',
  'pids_limit',
  'platform',
  'privileged',
  'profiles',
  'pull_policy',
  'read_only',
  'runtime',
  'secrets',
  'security_opt',
  'shm_size',
  'stop_grace_period',
  'stop_signal',
  'storage_opt',
  'sysctls',
  'tmpfs',
  'ulimits',
  'user',
  'userns_mode',
  'uts',
  'volumes',
  'volumes_from',
  'working_dir',
] as const;

/** The services that the pre_start hooks of a service are. */
export function hookServices(name: string, service: Node | undefined): readonly string[] {
  const hooks = member(service, 'pre_start');
  return hooks?.kind === 'list' ? hooks.items.map((_, index) => hookName(name, index)) : [];
}

/** `web-pre-start-1` */
function hookName(service: string, index: number): string {
  return `${service}-pre-start-${index + 1}`;
}

/**
 * Writes the pre_start hooks of a canonical document as what they are: services that run to their end, each after the one before
 * it, which their service waits for. A service of the manifest that has such a name already is left as it is.
 */
export function expandPreStart(document: Node): {
  readonly document: Node;
  /** The services that were written. */
  readonly hooks: ReadonlySet<string>;
} {
  const services = document.kind === 'map' ? document.entries.get('services') : undefined;
  const hooks = new Set<string>();
  if (document.kind !== 'map' || services?.node.kind !== 'map') return { document, hooks };
  const entries = new Map<string, MapEntry>(services.node.entries);
  for (const [name, { key, node }] of services.node.entries) {
    const written = member(node, 'pre_start');
    if (node.kind !== 'map' || written?.kind !== 'list' || written.items.length === 0) continue;
    let before: string | null = null;
    for (const [index, hook] of written.items.entries()) {
      const own = hookName(name, index);
      if (hook.kind !== 'map' || services.node.entries.has(own)) continue;
      const expanded = hookService(name, node, hook, before);
      entries.set(own, { key: hook.origin, node: expanded });
      hooks.add(own);
      before = own;
    }
    if (before !== null) entries.set(name, { key, node: waitingFor(node, before, written) });
  }
  const all = { ...services, node: { ...services.node, entries } };
  return {
    document: { ...document, entries: new Map(document.entries).set('services', all) },
    hooks,
  };
}

function hookService(
  name: string,
  service: MapNode,
  hook: MapNode,
  before: string | null,
): MapNode {
  const own = new Map<string, MapEntry>();
  for (const key of inherited) {
    const entry = service.entries.get(key);
    // Of another image its own user is the one who knows it.
    const isOther = key === 'user' && member(hook, 'image') !== undefined;
    if (entry !== undefined && !isOther) own.set(key, entry);
  }
  setIfThere(own, 'networks', reduced(service, 'networks', plainAttachments));
  setIfThere(own, 'deploy', reduced(service, 'deploy', deployOfHook));
  setIfThere(own, 'depends_on', service.entries.get('depends_on'));
  for (const key of ['image', 'command', 'user', 'privileged', 'working_dir'] as const) {
    setIfThere(own, key, hook.entries.get(key));
  }
  setIfThere(own, 'environment', mergedEnvironment(service, hook));
  const node: MapNode = { ...mapNode(hook.origin, []), entries: own };
  const chained = before === null ? node : waitingFor(node, before, hook);
  return { ...chained, entries: new Map(chained.entries).set('x-fleetwright', markOf(name, hook)) };
}

/** The job that it is; nobody can write that in a manifest. */
function markOf(service: string, { origin }: Node): MapEntry {
  const job = mapNode(origin, [
    ['when', textNode(origin, 'before')],
    ['of', textNode(origin, service)],
  ]);
  return { key: origin, node: mapNode(origin, [['job', job]]) };
}

function setIfThere(
  entries: Map<string, MapEntry>,
  key: string,
  entry: MapEntry | undefined,
): void {
  if (entry !== undefined) entries.set(key, entry);
}

function reduced(
  service: MapNode,
  key: string,
  reduce: (node: MapNode) => MapNode,
): MapEntry | undefined {
  const entry = service.entries.get(key);
  return entry?.node.kind === 'map' ? { ...entry, node: reduce(entry.node) } : entry;
}

/** The networks without the names and addresses by which the service is reached there. */
function plainAttachments(networks: MapNode): MapNode {
  const entries = [...networks.entries].map(([key, entry]): [string, MapEntry] => {
    const { node } = entry;
    const plain = node.kind === 'map' ? only(node, ['priority', 'gw_priority']) : node;
    return [key, { ...entry, node: plain }];
  });
  return { ...networks, entries: new Map(entries) };
}

/** What of `deploy` is not about how many there are and how they are replaced. */
function deployOfHook(deploy: MapNode): MapNode {
  const kept = only(deploy, ['placement', 'resources', 'update_config']);
  const update = reduced(kept, 'update_config', (node) =>
    only(node, ['failure_action', 'monitor']),
  );
  const entries = new Map(kept.entries);
  setIfThere(entries, 'update_config', update);
  return { ...kept, entries };
}

function only(node: MapNode, keys: readonly string[]): MapNode {
  return { ...node, entries: new Map([...node.entries].filter(([key]) => keys.includes(key))) };
}

function mergedEnvironment(service: MapNode, hook: MapNode): MapEntry | undefined {
  const base = service.entries.get('environment');
  const own = hook.entries.get('environment');
  if (base?.node.kind !== 'map' || own?.node.kind !== 'map') return own ?? base;
  const entries = new Map([...base.node.entries, ...own.node.entries]);
  return { ...own, node: { ...own.node, entries } };
}

function waitingFor(service: MapNode, other: string, { origin }: Node): MapNode {
  const written = service.entries.get('depends_on');
  const own = written?.node.kind === 'map' ? written.node.entries : new Map<string, MapEntry>();
  const dependency = mapNode(origin, [
    ['condition', textNode(origin, 'service_completed_successfully')],
    ['required', valueNode(origin, true)],
  ]);
  const entries = new Map(own).set(other, { key: origin, node: dependency });
  const node: MapNode = { ...mapNode(written?.node.origin ?? origin, []), entries };
  const entry = { key: written?.key ?? origin, node };
  return { ...service, entries: new Map(service.entries).set('depends_on', entry) };
}
