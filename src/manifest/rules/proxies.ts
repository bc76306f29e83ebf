import type { ApplicationSpec, ServiceSpec } from '../../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../../model/diagnostic.ts';
import type { FleetSpec } from '../../model/fleet.ts';
import type { ProxyGroup } from '../../model/traffic.ts';
import { didYouMean } from '../suggest.ts';

/** Each group of proxies is a service that the repository has, and no other group's. */
export function judgeProxies(
  { proxies }: FleetSpec,
  found: readonly string[],
  applications: readonly ApplicationSpec[],
): readonly Diagnostic[] {
  return proxies.flatMap((group) => {
    const twin = proxies.find((other) => other.role !== group.role && isSame(other, group));
    if (twin !== undefined && group.role === 'internal') return [shared(group)];
    const why = whyUndefined(group, found, applications);
    if (why === null) return [];
    const hint = 'Name the service of this repository that is the proxies, as APPLICATION/SERVICE';
    return [problemOf(group, 'undefined-service', why, hint)];
  });
}

/** The service that is the proxies of a group; undefined: there is none, or its application is invalid. */
export function serviceOfProxies(
  applications: readonly ApplicationSpec[],
  { application, service }: ProxyGroup,
): ServiceSpec | undefined {
  const services = applications.find(({ name }) => name === application)?.services ?? [];
  return services.find(({ name }) => name === service);
}

function isSame(one: ProxyGroup, other: ProxyGroup): boolean {
  return one.application === other.application && one.service === other.service;
}

function shared(group: ProxyGroup): Diagnostic {
  const message = `"${group.application}/${group.service}" is the proxies of "ingress" already, and each of these has one table for requests from outside`;
  return problemOf(group, 'conflicting-keys', message, 'Name a service of its own');
}

function whyUndefined(
  { application: name, service }: ProxyGroup,
  found: readonly string[],
  applications: readonly ApplicationSpec[],
): string | null {
  if (!found.includes(name)) {
    return `application "${name}" is not defined${didYouMean(name, found)}`;
  }
  // One that is invalid says so itself.
  const services = applications.find((one) => one.name === name)?.services.map((one) => one.name);
  if (services === undefined || services.includes(service)) return null;
  return `application "${name}" has no service "${service}"${didYouMean(service, services)}`;
}

function problemOf(
  { role, origin }: ProxyGroup,
  code: string,
  message: string,
  hint: string,
): Diagnostic {
  return diagnosticAt(origin, `${role}.service`, code, message, { hint });
}
