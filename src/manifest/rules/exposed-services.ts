import type { ApplicationSpec, ServiceSpec } from '../../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../../model/diagnostic.ts';
import { entrancePort, isReachable } from '../../model/entrance-port.ts';
import type { FleetSpec } from '../../model/fleet.ts';
import { groupBy } from '../../model/group-by.ts';
import { originOf, type Origin } from '../../model/origin.ts';
import {
  hostBehind,
  routeKey,
  type ExposeSpec,
  type ProxyGroup,
  type ProxyRole,
} from '../../model/traffic.ts';
import { versionsOf } from '../../model/variants.ts';
import { formatPlace } from '../report.ts';
import { didYouMean } from '../suggest.ts';
import { serviceOfProxies } from './proxies.ts';

/**
 * What is exposed and cannot be, by application: there are proxies for it, whose address can be found, and no two services
 * want the same requests.
 */
export function judgeExposures(
  applications: readonly ApplicationSpec[],
  { proxies }: FleetSpec,
): ReadonlyMap<string, readonly Diagnostic[]> {
  const exposed = applications.flatMap((application) =>
    application.services.flatMap((service) => exposuresOf(application, service)),
  );
  const byRoute = groupBy(exposed, keyOf);
  const problems = exposed.flatMap((one) => {
    const group = proxies.find(({ role }) => role === one.role);
    if (group === undefined) return [withoutProxies(one)];
    if (proxies.some((each) => isOf(one, each))) return [isProxies(one)];
    const rivals = byRoute.get(keyOf(one)) ?? [];
    return [
      ...(rivals.length > 1 ? [twice(one, rivals)] : []),
      ...(one.goesByRequests && group.driver === 'caddy' ? [uncounted(one)] : []),
      ...judgeAddress(one, serviceOfProxies(applications, group), group),
    ];
  });
  const byApplication = groupBy(problems, ({ application }) => application);
  return new Map(
    [...byApplication].map(([name, own]) => [name, own.map(({ diagnostic }) => diagnostic)]),
  );
}

const exposePath = 'x-fleetwright.expose';
const requestsPath = 'x-fleetwright.autoscale.requestsPerSecond';

/** A service behind the proxies of one role. */
interface Exposure {
  readonly application: string;
  readonly service: string;
  readonly role: ProxyRole;
  readonly expose: ExposeSpec;
  /** What it is asked for by there. */
  readonly host: string;
  readonly path: string;
  readonly origin: Origin;
  readonly proofOrigin: Origin;
  /** How many instances it has does. */
  readonly goesByRequests: boolean;
  readonly requestsOrigin: Origin;
}

interface Problem {
  readonly application: string;
  readonly diagnostic: Diagnostic;
}

function exposuresOf(application: ApplicationSpec, service: ServiceSpec): readonly Exposure[] {
  const { expose, origins, name, autoscale } = service;
  if (expose === undefined) return [];
  return (['ingress', 'internal'] as const).flatMap((role) => {
    const host = hostBehind(expose, role);
    if (host === undefined) return [];
    const path = role === 'ingress' ? exposePath : `${exposePath}.internal`;
    const placeOf = (at: string): Origin => originOf(origins, at) ?? application.origin;
    return {
      application: application.name,
      service: name,
      role,
      expose,
      host,
      path,
      origin: placeOf(path),
      proofOrigin: placeOf(`${exposePath}.proof`),
      goesByRequests: autoscale?.requestsPerSecond !== undefined,
      requestsOrigin: placeOf(requestsPath),
    };
  });
}

function keyOf({ role, host, expose }: Exposure): string {
  return `${role} ${routeKey(host, expose.path)}`;
}

function isOf(one: Exposure, { application, service }: ProxyGroup): boolean {
  return one.application === application && one.service === service;
}

function problemOf(one: Exposure, code: string, message: string, hint: string): Problem {
  const path = `services.${one.service}.${one.path}`;
  const diagnostic = diagnosticAt(one.origin, path, code, message, { hint });
  return { application: one.application, diagnostic };
}

function withoutProxies(one: Exposure): Problem {
  const what = { ingress: 'is exposed', internal: 'is exposed within the fleet' }[one.role];
  const where = { ingress: '', internal: ' for that' }[one.role];
  const message = `service "${one.service}" ${what}, and fleet.yaml names no proxies${where}`;
  const hint = `Add ${one.role}: { driver: haproxy, service: APPLICATION/SERVICE } to fleet.yaml`;
  return problemOf(one, `no-${one.role}`, message, hint);
}

function isProxies(one: Exposure): Problem {
  const message = `service "${one.service}" is the proxies themselves, and cannot stand behind them`;
  return problemOf(one, 'conflicting-keys', message, 'Remove "expose"');
}

function twice(one: Exposure, rivals: readonly Exposure[]): Problem {
  const others = rivals.filter((rival) => rival !== one).map(({ origin }) => formatPlace(origin));
  const message = `requests for ${one.host}${one.expose.path} are asked for by several services; also ${others.join(', ')}`;
  return problemOf(one, 'duplicate-route', message, 'Give each a host or a path of its own');
}

function uncounted(one: Exposure): Problem {
  const message = `"requestsPerSecond" of service "${one.service}" goes by what the proxies count, and Caddy counts no requests of one instance`;
  const path = `services.${one.service}.${requestsPath}`;
  const hint = 'Use cpu, or HAProxy';
  const diagnostic = diagnosticAt(one.requestsOrigin, path, 'not-counted', message, { hint });
  return { application: one.application, diagnostic };
}

/** Whoever sends requests to the proxies knows where. Proxies that are invalid themselves say so. */
function judgeAddress(
  one: Exposure,
  proxies: ServiceSpec | undefined,
  group: ProxyGroup,
): readonly Problem[] {
  if (proxies === undefined) return [];
  if (one.role === 'internal') {
    const aliases = commonAliases(proxies);
    return aliases.includes(one.host) ? [] : [withoutAlias(one, aliases, group)];
  }
  return isEntranceKnown(one.expose, proxies, group) ? [] : [withoutEntrance(one, proxies, group)];
}

/** Names that the engine of each host gives its own proxy. It asks for them in lower case. */
function commonAliases(proxies: ServiceSpec): readonly string[] {
  const [first = [], ...others] = versionsOf(proxies).map(({ container }) =>
    container.networks.flatMap(({ aliases }) => aliases.map((alias) => alias.toLowerCase())),
  );
  return first.filter((alias) => others.every((aliases) => aliases.includes(alias)));
}

function withoutAlias(
  one: Exposure,
  aliases: readonly string[],
  { application, service }: ProxyGroup,
): Problem {
  const message = `nobody can look up "${one.host}": the proxies, "${application}/${service}", do not have it among their aliases${didYouMean(one.host, aliases)}`;
  const hint = `Add it to "aliases" of a network of that service, such as networks: { fleet: { aliases: [${one.host}] } }`;
  return problemOf(one, 'missing-alias', message, hint);
}

function isEntranceKnown({ proof }: ExposeSpec, proxies: ServiceSpec, group: ProxyGroup): boolean {
  if (proof === undefined || proof.url !== null) return true;
  return !isRedirecting(proxies, group) && entrancePort(proxies.container) !== null;
}

/** Where Caddy has certificates, it answers each request without TLS by itself, and asks no instance. */
function isRedirecting({ container }: ServiceSpec, { driver }: ProxyGroup): boolean {
  return (
    driver === 'caddy' &&
    container.ports.some(
      ({ protocol, hostIp, published }) =>
        protocol === 'tcp' && isReachable(hostIp) && published === '443',
    )
  );
}

function withoutEntrance(one: Exposure, proxies: ServiceSpec, group: ProxyGroup): Problem {
  const isTls = isRedirecting(proxies, group);
  const why = isTls
    ? 'publish 443, and Caddy sends requests for HTTP there'
    : 'publish no port for HTTP alone, and none as 80';
  const message = `where requests come in cannot be told: the proxies, "${group.application}/${group.service}", ${why}`;
  const diagnostic = diagnosticAt(
    one.proofOrigin,
    `services.${one.service}.${exposePath}.proof`,
    'unknown-entrance',
    message,
    { hint: `Add "url" to the proof, such as url: "${isTls ? 'https' : 'http'}://192.0.2.80"` },
  );
  return { application: one.application, diagnostic };
}
