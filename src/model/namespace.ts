import type { ApplicationSpec } from './application.ts';
import type { Amounts, FleetSpec, HostSpec } from './fleet.ts';
import { selects, type HostSelector } from './host-selector.ts';
import type { Origin } from './origin.ts';

/** Applications that share hosts and a quota. */
export interface NamespaceSpec {
  readonly name: string;
  /** What all instances of its applications may come to. */
  readonly quota: Quota;
  /** The hosts that take its instances; absent: every host. */
  readonly hosts?: HostSelector;
  readonly origin: Origin;
}

/** Absent: no bound. */
export interface Quota extends Partial<Amounts> {
  readonly replicas?: number;
}

/** Where an application is that names none. */
export const defaultNamespace = 'default';

/** The namespace of an application, when fleet.yaml says something of it. */
export function namespaceOf(
  { namespaces }: Pick<FleetSpec, 'namespaces'>,
  { namespace }: Pick<ApplicationSpec, 'namespace'>,
): NamespaceSpec | undefined {
  const wanted = namespace?.name ?? defaultNamespace;
  return namespaces?.find(({ name }) => name === wanted);
}

/** Whether a host takes instances of a namespace. */
export function isHostOf({ hosts }: NamespaceSpec, host: HostSpec): boolean {
  return hosts === undefined || selects(hosts, host);
}
