import type { ApplicationSpec, ServiceSpec } from '../../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../../model/diagnostic.ts';
import type { FleetSpec, HostSpec } from '../../model/fleet.ts';
import { formatBytes } from '../../model/format-bytes.ts';
import { meetsAsWritten } from '../../model/host-attribute.ts';
import type { NamespaceSpec, Quota } from '../../model/namespace.ts';
import { defaultNamespace, isHostOf, namespaceOf } from '../../model/namespace.ts';
import { originOf } from '../../model/origin.ts';
import { serviceOn, versionsOf } from '../../model/variants.ts';
import { didYouMean } from '../suggest.ts';

/**
 * What is wrong with the namespaces that applications are in, by application: one that fleet.yaml does not name, or more
 * asked for than its quota.
 *
 * @param partial only some of the applications were looked at: what they come to together is not known
 */
export function judgeNamespaces(
  applications: readonly ApplicationSpec[],
  fleet: Pick<FleetSpec, 'namespaces' | 'hosts'>,
  partial: boolean,
): ReadonlyMap<string, readonly Diagnostic[]> {
  const { namespaces } = fleet;
  const problems = new Map<string, readonly Diagnostic[]>();
  if (namespaces === undefined) return problems;
  const add = ({ name }: ApplicationSpec, found: readonly Diagnostic[]): void => {
    if (found.length > 0) problems.set(name, [...(problems.get(name) ?? []), ...found]);
  };
  const members = new Map<NamespaceSpec, ApplicationSpec[]>();
  for (const application of applications) {
    add(application, judgeName(application, namespaces));
    const namespace = namespaceOf(fleet, application);
    if (namespace === undefined) continue;
    add(application, judgeUncounted(application, namespace));
    const own = members.get(namespace);
    if (own === undefined) members.set(namespace, [application]);
    else own.push(application);
  }
  if (partial) return problems;
  for (const [namespace, own] of members) {
    for (const [application, found] of judgeQuota(own, namespace, fleet)) add(application, [found]);
  }
  return problems;
}

function judgeName(
  { name, namespace }: ApplicationSpec,
  namespaces: readonly NamespaceSpec[],
): readonly Diagnostic[] {
  if (namespace === undefined || namespace.name === defaultNamespace) return [];
  const known = namespaces.map((one) => one.name);
  if (known.includes(namespace.name)) return [];
  const message = `application "${name}" is in namespace "${namespace.name}", which fleet.yaml does not name${didYouMean(namespace.name, known)}`;
  const hint =
    known.length === 0
      ? 'Add it to namespaces of fleet.yaml'
      : `Name one of ${known.join(', ')}, or add it to fleet.yaml`;
  return [
    diagnosticAt(namespace.origin, 'x-fleetwright.namespace', 'unknown-namespace', message, {
      hint,
    }),
  ];
}

/** What is bounded, with what each instance counts for, and the key that says so. */
interface Counted {
  readonly amount: keyof Quota;
  readonly key: string;
  readonly each: (service: ServiceSpec) => number;
  readonly format: (sum: number) => string;
}

/** An instance counts for what it reserves, and where it reserves nothing for as much as it may take. */
const counted: readonly Counted[] = [
  {
    amount: 'nanoCpus',
    key: 'cpus',
    each: ({ reservedNanoCpus, container }) =>
      reservedNanoCpus ?? container.resources.nanoCpus ?? 0,
    format: (sum) => `${sum / 1e9} ${sum === 1e9 ? 'CPU' : 'CPUs'}`,
  },
  {
    amount: 'memoryBytes',
    key: 'memory',
    each: ({ container: { resources } }) =>
      resources.memoryReservationBytes ?? resources.memoryBytes ?? 0,
    format: formatBytes,
  },
  {
    amount: 'replicas',
    key: 'replicas',
    each: () => 1,
    format: (sum) => `${sum} ${sum === 1 ? 'instance' : 'instances'}`,
  },
];

/** What counts for nothing is bounded by no quota. */
function judgeUncounted(
  application: ApplicationSpec,
  namespace: NamespaceSpec,
): readonly Diagnostic[] {
  return lastingServices(application).flatMap((service) =>
    counted
      .filter(
        ({ amount, each }) =>
          namespace.quota[amount] !== undefined &&
          versionsOf(service).some((one) => each(one) === 0),
      )
      .map(({ key }) => {
        const message = `service "${service.name}" neither reserves ${key} nor limits them, and namespace "${namespace.name}" has a quota of them`;
        const hint = `Set deploy.resources.reservations.${key}, or limits.${key}`;
        const origin = originOf(service.origins, '') ?? application.origin;
        return diagnosticAt(origin, `services.${service.name}`, 'quota-uncounted', message, {
          hint,
        });
      }),
  );
}

/** Said at the application that asks for most, with what each asks for. */
function judgeQuota(
  applications: readonly ApplicationSpec[],
  namespace: NamespaceSpec,
  fleet: Pick<FleetSpec, 'hosts'>,
): readonly (readonly [ApplicationSpec, Diagnostic])[] {
  return counted.flatMap(({ amount, key, each, format }) => {
    const quota = namespace.quota[amount];
    if (quota === undefined) return [];
    const asked = applications
      .map((application) => ({ application, sum: sumOf(application, namespace, fleet, each) }))
      .filter(({ sum }) => sum > 0)
      .toSorted((a, b) => b.sum - a.sum || (a.application.name < b.application.name ? -1 : 1));
    const all = asked.reduce((total, { sum }) => total + sum, 0);
    const [most] = asked;
    if (most === undefined || all <= quota) return [];
    const sums = asked.map(({ application, sum }) => `${application.name} ${format(sum)}`);
    const shown = [...sums.slice(0, shownSums), ...(sums.length > shownSums ? ['…'] : [])];
    const message = `namespace "${namespace.name}" asks for ${format(all)}, and its quota is ${format(quota)}: ${shown.join(', ')}`;
    const hint = `Ask for less, or raise namespaces.${namespace.name}.quota.${key} (${namespace.origin.file}:${namespace.origin.line})`;
    const { application } = most;
    const origin = application.namespace?.origin ?? application.origin;
    const diagnostic = diagnosticAt(origin, 'x-fleetwright.namespace', 'quota-exceeded', message, {
      hint,
    });
    return [[application, diagnostic] as const];
  });
}

const shownSums = 10;

function sumOf(
  application: ApplicationSpec,
  namespace: NamespaceSpec,
  fleet: Pick<FleetSpec, 'hosts'>,
  each: (service: ServiceSpec) => number,
): number {
  return lastingServices(application).reduce(
    (sum, service) => sum + sumOfService(service, namespace, fleet, each),
    0,
  );
}

/** Where replicas will be is not known: each may be the one that counts for most. */
function sumOfService(
  service: ServiceSpec,
  namespace: NamespaceSpec,
  fleet: Pick<FleetSpec, 'hosts'>,
  each: (service: ServiceSpec) => number,
): number {
  if (service.mode === 'replicated') {
    const most = service.autoscale?.max ?? service.replicas;
    return most * Math.max(...versionsOf(service).map(each));
  }
  return hostsOf(service, namespace, fleet).reduce(
    (sum, { name }) => sum + each(serviceOn(service, name)),
    0,
  );
}

/** A job or a hook soon ends, and counts for nothing. */
function lastingServices({ services }: ApplicationSpec): readonly ServiceSpec[] {
  return services.filter(({ job }) => job === null);
}

/** A global service has a slot on each host that may take it, as far as fleet.yaml tells. */
function hostsOf(
  { constraints }: ServiceSpec,
  namespace: NamespaceSpec,
  { hosts }: Pick<FleetSpec, 'hosts'>,
): readonly HostSpec[] {
  return hosts.filter(
    (host) =>
      isHostOf(namespace, host) &&
      constraints.every((constraint) => meetsAsWritten(host, constraint) !== false),
  );
}
