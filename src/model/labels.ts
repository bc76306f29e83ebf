import type { ServiceSpec } from './application.ts';
import type { ContainerSpec } from './container.ts';
import type { CommitSha, HostName, SpecHash } from './names.ts';
import { toSpecHash } from './names.ts';
import { shortDigest } from './digest.ts';

/** Labels on what we create. Nothing without `fleet` of our own fleet is ever touched. */
export const label = {
  fleet: 'fleetwright.fleet',
  application: 'fleetwright.app',
  service: 'fleetwright.service',
  slot: 'fleetwright.slot',
  epoch: 'fleetwright.epoch',
  hash: 'fleetwright.hash',
  hashSchema: 'fleetwright.hash-schema',
  revision: 'fleetwright.revision',
  self: 'fleetwright.self',
  /** Of a container: the stamps of its files, see file-stamps.ts. Of a volume that holds such files: whose they are. */
  files: 'fleetwright.files',
  /** Of a container that has files which change while it runs: its volume tells the stamps of those. */
  live: 'fleetwright.live-files',
  /** The fleet of a container that only brings files to its host, and is never started. */
  filler: 'fleetwright.filler',
  composeProject: 'com.docker.compose.project',
  composeService: 'com.docker.compose.service',
  composeNumber: 'com.docker.compose.container-number',
} as const;

/** Which slot of which service an instance fills, and which try it is. */
export interface InstanceIdentity {
  readonly fleet: string;
  readonly application: string;
  readonly service: string;
  /** `1` … `N`, or the name of the host when the service is global. */
  readonly slot: string;
  /** Grows with each instance of the slot; the highest is the legitimate holder. */
  readonly epoch: number;
  readonly hash: SpecHash;
  readonly hashSchema: number;
}

/** Key of a slot within a fleet: `shop/web/1`. */
export function slotKey(
  identity: Pick<InstanceIdentity, 'application' | 'service' | 'slot'>,
): string {
  return `${identity.application}/${identity.service}/${identity.slot}`;
}

/** The deterministic name of an instance: a repeated create meets its own 409. */
export function instanceName(identity: InstanceIdentity): string {
  const { application, service, slot, hash, epoch } = identity;
  return `${application}-${service}-${slot}-${shortDigest(`${hash}/${epoch}`)}`;
}

/** The name of its container: the one that its service asks for, else that of the instance. */
export function containerNameOf(
  identity: InstanceIdentity,
  { containerName }: Pick<ServiceSpec, 'containerName'>,
): string {
  return containerName ?? instanceName(identity);
}

/**
 * The label that says whom the other labels were written for. A container that someone made with a copy of our labels
 * carries it too, but under another name or id, and so is told apart.
 */
export function selfLabel(identity: InstanceIdentity): string {
  return `${identity.fleet}/${slotKey(identity)}/${identity.epoch}/${identity.hash}`;
}

export function identityLabels(
  identity: InstanceIdentity,
  commit: CommitSha,
): Record<string, string> {
  const number = /^\d+$/.test(identity.slot) ? identity.slot : '1';
  return {
    [label.fleet]: identity.fleet,
    [label.application]: identity.application,
    [label.service]: identity.service,
    [label.slot]: identity.slot,
    [label.epoch]: String(identity.epoch),
    [label.hash]: identity.hash,
    [label.hashSchema]: String(identity.hashSchema),
    [label.revision]: commit,
    [label.self]: selfLabel(identity),
    [label.composeProject]: identity.application,
    [label.composeService]: identity.service,
    [label.composeNumber]: number,
  };
}

/** Reads the identity from labels, or null when they are not a whole and consistent set of ours. */
export function parseIdentity(labels: ContainerSpec['labels']): InstanceIdentity | null {
  const read = (name: string): string => labels[name] ?? '';
  const identity: InstanceIdentity = {
    fleet: read(label.fleet),
    application: read(label.application),
    service: read(label.service),
    slot: read(label.slot),
    epoch: Number(read(label.epoch)),
    hash: toSpecHash(read(label.hash)),
    hashSchema: Number(read(label.hashSchema)),
  };
  const whole =
    Number.isSafeInteger(identity.epoch) &&
    Number.isSafeInteger(identity.hashSchema) &&
    selfLabel(identity) === read(label.self);
  return whole ? identity : null;
}

/** Labels of a network or volume that we create for an application. */
export function ownerLabels(fleet: string, application: string): Record<string, string> {
  return {
    [label.fleet]: fleet,
    [label.application]: application,
    [label.composeProject]: application,
  };
}

/** A label that we, or the tools whose labels we write, own: never the user's. */
export function isOwnLabel(name: string): boolean {
  return name.startsWith('fleetwright.') || name.startsWith('com.docker.compose.');
}

/** The slot that a global service has on a host. */
export function globalSlot(host: HostName): string {
  return host;
}
