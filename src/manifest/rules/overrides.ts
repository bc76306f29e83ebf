import type { SelectedHost } from '../../model/host-selector.ts';
import { selects } from '../../model/host-selector.ts';
import { child, complainAtKey, isPresent, items, members, readText, warn } from '../cursor.ts';
import type { Cursor } from '../cursor.ts';
import { resolveHostSelector } from '../resolve/host-selector.ts';
import { judgeHostNames } from './host-names.ts';

/** The hosts of the fleet, as manifests see them. */
export interface FleetHosts {
  readonly hosts: readonly SelectedHost[];
  /** Names of all groups. */
  readonly groups: readonly string[];
}

const placed =
  'overrides hold for the hosts that instances are placed on, and do not decide where that is';
const counted = 'how many instances there are holds for the service as a whole';
const rolled = 'a rollout goes over all hosts, and what rules it holds for the service as a whole';
const ordered = 'what a service waits for holds for the service as a whole';
const shared = 'what it shares something with decides where it is placed';
const restarts = 'whether it runs on or to its end holds for the service as a whole';
const named = 'what it is called holds for the service as a whole';
const built = 'images are built elsewhere';
const settled = 'it is settled before overrides are merged';
const once = 'what runs once runs for all hosts';
const whole = 'it holds for the service as a whole';

/** Why a key of a service cannot be overridden. */
const reasons: Readonly<Record<string, string>> = {
  build: built,
  container_name: named,
  depends_on: ordered,
  develop: built,
  extends: settled,
  links: ordered,
  platform: placed,
  pre_start: once,
  profiles: settled,
  restart: restarts,
  scale: counted,
  volumes_from: shared,
};

const deployReasons: Readonly<Record<string, string>> = {
  mode: counted,
  placement: placed,
  replicas: counted,
  restart_policy: restarts,
  rollback_config: rolled,
  update_config: rolled,
};

const ownReasons: Readonly<Record<string, string>> = { autoscale: counted, rollout: rolled };

/** Keys of `x-fleetwright` that are about an instance. */
const own = ['gate', 'onChange'];

/** Keys that may name another service. */
const sharing = ['network_mode', 'ipc', 'pid'];

/**
 * Whether overrides name hosts that are there and keys that they may set. What is not so is reported.
 *
 * @param place of the list
 * @param job the service runs once, and so on one host only
 * @param fleet null: not known, and any name will do
 */
export function judgeOverrides(
  place: Cursor,
  { job, fleet }: { readonly job: boolean; readonly fleet: FleetHosts | null },
): boolean {
  if (job) {
    const message = 'a service that runs once, or has pre_start hooks, cannot have overrides';
    complainAtKey(place, 'not-overridable', `${message}: ${once}`, 'Remove the overrides');
    return false;
  }
  const judged = items(place).map((item) => {
    if (fleet !== null) judgeHosts(child(item, 'hosts'), fleet);
    return judgeKeys(item);
  });
  return judged.every(Boolean);
}

function judgeHosts(place: Cursor, { hosts, groups }: FleetHosts): void {
  judgeHostNames(place, [...hosts.map(({ name }) => name), ...groups]);
  if (place.node?.kind !== 'map') return;
  const selector = resolveHostSelector(place);
  if (hosts.some((host) => selects(selector, host))) return;
  const message = 'no host has these labels: the override has no effect';
  warn(place, 'unknown-host', message, 'Correct the labels, or give them to a host');
}

function judgeKeys(item: Cursor): boolean {
  const refused = [
    ...members(item).flatMap(([key, value]) => refuse(value, key, reasons[key])),
    ...members(child(item, 'deploy')).flatMap(([key, value]) =>
      key === 'resources' ? [] : refuse(value, `deploy.${key}`, deployReasons[key] ?? whole),
    ),
    ...members(child(item, 'x-fleetwright')).flatMap(([key, value]) =>
      own.includes(key) ? [] : refuse(value, `x-fleetwright.${key}`, ownReasons[key] ?? whole),
    ),
    ...sharing.flatMap((key) => {
      const value = child(item, key);
      const isShared = isPresent(value) && readText(value)?.startsWith('service:') === true;
      return isShared ? refuse(value, `${key}: ${readText(value)}`, shared) : [];
    }),
  ];
  return refused.length === 0;
}

function refuse(value: Cursor, key: string, reason: string | undefined): readonly string[] {
  if (reason === undefined) return [];
  complainAtKey(
    value,
    'not-overridable',
    `"${key}" cannot be overridden for some hosts: ${reason}`,
    'Write it for the service itself, or make a second service of it',
  );
  return [key];
}
