import type { ServiceSpec } from './application.ts';
import type { HostName } from './names.ts';

/**
 * A service as it is on a host: one version, without variants. It is the same object each time. Null: it has no host, and
 * is what it is where no override holds.
 */
export function serviceOn(service: ServiceSpec, host: HostName | null): ServiceSpec {
  const { variants } = service;
  if (variants === undefined) return service;
  const own = host === null ? undefined : variants.find(({ hosts }) => hosts.includes(host));
  return own?.service ?? plainOf(service);
}

/** Every version of a service that some host may have: first what it is where no override holds. */
export function versionsOf(service: ServiceSpec): readonly ServiceSpec[] {
  const { variants } = service;
  if (variants === undefined) return [service];
  return [plainOf(service), ...variants.map((variant) => variant.service)];
}

/**
 * Every version that an instance on a host may be of. Those that are asked for there come first: what no hash covers, such
 * as hooks, may be all that they differ in.
 */
export function versionsFrom(
  services: readonly ServiceSpec[],
  host: HostName,
): readonly ServiceSpec[] {
  return [...services.map((service) => serviceOn(service, host)), ...services.flatMap(versionsOf)];
}

/** A service with each of its versions changed; the same one when none is. */
export function mapVersions(
  service: ServiceSpec,
  change: (version: ServiceSpec) => ServiceSpec,
): ServiceSpec {
  const { variants } = service;
  if (variants === undefined) return change(service);
  const plain = plainOf(service);
  const changed = change(plain);
  const own = variants.map((variant) => ({ ...variant, service: change(variant.service) }));
  const isSame = own.every((variant, at) => variant.service === variants[at]?.service);
  return changed === plain && isSame ? service : { ...changed, variants: own };
}

const plain = new WeakMap<ServiceSpec, ServiceSpec>();

function plainOf(service: ServiceSpec): ServiceSpec {
  const known = plain.get(service);
  if (known !== undefined) return known;
  const { variants: _variants, ...own } = service;
  plain.set(service, own);
  return own;
}
