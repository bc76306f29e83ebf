import type { ApplicationSpec, ServiceSpec } from '../../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../../model/diagnostic.ts';
import { entrancePort, isReachable } from '../../model/entrance-port.ts';
import type { FleetSpec } from '../../model/fleet.ts';
import { groupBy } from '../../model/group-by.ts';
import { originOf, type Origin } from '../../model/origin.ts';
import { routeKey, type ExposeSpec, type IngressSpec } from '../../model/traffic.ts';
import { formatPlace } from '../report.ts';
import { didYouMean } from '../suggest.ts';

/** What is exposed and cannot be, by application: there is a proxy, and no two services want the same requests. */
export function judgeExposures(
  applications: readonly ApplicationSpec[],
  { ingress }: FleetSpec,
): ReadonlyMap<string, readonly Diagnostic[]> {
  const exposed = applications.flatMap((application) =>
    application.services.flatMap((service) => exposureOf(application, service)),
  );
  const byRoute = groupBy(exposed, ({ expose }) => routeKey(expose));
  const problems = exposed.flatMap((one) => {
    if (ingress === undefined) return [withoutIngress(one)];
    if (one.application === ingress.application && one.service === ingress.service) {
      return [isTheProxy(one)];
    }
    const rivals = byRoute.get(routeKey(one.expose)) ?? [];
    return [
      ...(rivals.length > 1 ? [twice(one, rivals)] : []),
      ...(one.goesByRequests && ingress.driver === 'caddy' ? [uncounted(one)] : []),
      ...(isEntranceKnown(one.expose, applications, ingress)
        ? []
        : [withoutEntrance(one, applications, ingress)]),
    ];
  });
  const byApplication = groupBy(problems, ({ application }) => application);
  return new Map(
    [...byApplication].map(([name, own]) => [name, own.map(({ diagnostic }) => diagnostic)]),
  );
}

/** The proxies are a service that the repository has. */
export function judgeIngress(
  { ingress }: FleetSpec,
  found: readonly string[],
  applications: readonly ApplicationSpec[],
): readonly Diagnostic[] {
  if (ingress === undefined) return [];
  const { application: name, service, origin } = ingress;
  const refuse = (message: string): readonly Diagnostic[] => [
    diagnosticAt(origin, 'ingress.service', 'undefined-service', message, {
      hint: 'Name the service of this repository that is the proxies, as APPLICATION/SERVICE',
    }),
  ];
  if (!found.includes(name)) {
    return refuse(`application "${name}" is not defined${didYouMean(name, found)}`);
  }
  // One that is invalid says so itself.
  const services = applications.find((one) => one.name === name)?.services.map((one) => one.name);
  if (services === undefined || services.includes(service)) return [];
  return refuse(
    `application "${name}" has no service "${service}"${didYouMean(service, services)}`,
  );
}

const exposePath = 'x-fleetwright.expose';
const requestsPath = 'x-fleetwright.autoscale.requestsPerSecond';

interface Exposure {
  readonly application: string;
  readonly service: string;
  readonly expose: ExposeSpec;
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

function exposureOf(application: ApplicationSpec, service: ServiceSpec): readonly Exposure[] {
  const { expose, origins, name, autoscale } = service;
  if (expose === undefined) return [];
  const origin = originOf(origins, exposePath) ?? application.origin;
  const proofOrigin = originOf(origins, `${exposePath}.proof`) ?? origin;
  const goesByRequests = autoscale?.requestsPerSecond !== undefined;
  const requestsOrigin = originOf(origins, requestsPath) ?? origin;
  const places = { origin, proofOrigin, requestsOrigin };
  return [{ application: application.name, service: name, expose, goesByRequests, ...places }];
}

function problemOf(one: Exposure, code: string, message: string, hint: string): Problem {
  const path = `services.${one.service}.${exposePath}`;
  const diagnostic = diagnosticAt(one.origin, path, code, message, { hint });
  return { application: one.application, diagnostic };
}

function withoutIngress(one: Exposure): Problem {
  const message = `service "${one.service}" is exposed, and fleet.yaml names no proxies`;
  const hint = 'Add ingress: { driver: haproxy, service: APPLICATION/SERVICE } to fleet.yaml';
  return problemOf(one, 'no-ingress', message, hint);
}

function isTheProxy(one: Exposure): Problem {
  const message = `service "${one.service}" is the proxies themselves, and cannot stand behind them`;
  return problemOf(one, 'conflicting-keys', message, 'Remove "expose"');
}

function twice(one: Exposure, rivals: readonly Exposure[]): Problem {
  const { host, path } = one.expose;
  const others = rivals.filter((rival) => rival !== one).map(({ origin }) => formatPlace(origin));
  const message = `requests for ${host}${path} are asked for by several services; also ${others.join(', ')}`;
  return problemOf(one, 'duplicate-route', message, 'Give each a host or a path of its own');
}

function uncounted(one: Exposure): Problem {
  const message = `"requestsPerSecond" of service "${one.service}" goes by what the proxies count, and Caddy counts no requests of one instance`;
  const path = `services.${one.service}.${requestsPath}`;
  const hint = 'Use cpu, or HAProxy';
  const diagnostic = diagnosticAt(one.requestsOrigin, path, 'not-counted', message, { hint });
  return { application: one.application, diagnostic };
}

/** One that is invalid itself says so. */
function isEntranceKnown(
  { proof }: ExposeSpec,
  applications: readonly ApplicationSpec[],
  ingress: IngressSpec,
): boolean {
  if (proof === undefined || proof.url !== null) return true;
  const proxies = proxiesOf(applications, ingress);
  if (proxies === undefined) return true;
  return !isRedirecting(proxies, ingress) && entrancePort(proxies.container) !== null;
}

function proxiesOf(
  applications: readonly ApplicationSpec[],
  { application, service }: IngressSpec,
): ServiceSpec | undefined {
  const services = applications.find(({ name }) => name === application)?.services ?? [];
  return services.find(({ name }) => name === service);
}

/** Where Caddy has certificates, it answers each request without TLS by itself, and asks no instance. */
function isRedirecting({ container }: ServiceSpec, { driver }: IngressSpec): boolean {
  return (
    driver === 'caddy' &&
    container.ports.some(
      ({ protocol, hostIp, published }) =>
        protocol === 'tcp' && isReachable(hostIp) && published === '443',
    )
  );
}

function withoutEntrance(
  one: Exposure,
  applications: readonly ApplicationSpec[],
  ingress: IngressSpec,
): Problem {
  const proxies = proxiesOf(applications, ingress);
  const isTls = proxies !== undefined && isRedirecting(proxies, ingress);
  const why = isTls
    ? 'publish 443, and Caddy sends requests for HTTP there'
    : 'publish no port for HTTP alone, and none as 80';
  const message = `where requests come in cannot be told: the proxies, "${ingress.application}/${ingress.service}", ${why}`;
  const diagnostic = diagnosticAt(
    one.proofOrigin,
    `services.${one.service}.${exposePath}.proof`,
    'unknown-entrance',
    message,
    { hint: `Add "url" to the proof, such as url: "${isTls ? 'https' : 'http'}://192.0.2.80"` },
  );
  return { application: one.application, diagnostic };
}
