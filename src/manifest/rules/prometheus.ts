import type { ApplicationSpec, ServiceSpec } from '../../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../../model/diagnostic.ts';
import type { FleetSpec } from '../../model/fleet.ts';
import { originOf } from '../../model/origin.ts';
import { complain, readText, type Cursor } from '../cursor.ts';

/** Queries of manifests where fleet.yaml names nobody who could answer them, by application. */
export function judgeQueries(
  applications: readonly ApplicationSpec[],
  { prometheus }: Pick<FleetSpec, 'prometheus'>,
): ReadonlyMap<string, readonly Diagnostic[]> {
  if (prometheus !== undefined) return new Map();
  const judged = applications.map((application) => {
    const found = application.services.flatMap((service) =>
      queryPaths(service).map((path) => unanswered(application, service, path)),
    );
    return [application.name, found] as const;
  });
  return new Map(judged.filter(([, found]) => found.length > 0));
}

/** Where a service has queries. */
function queryPaths({ autoscale, rollout }: ServiceSpec): readonly string[] {
  return [
    ...(autoscale?.prometheus === undefined ? [] : ['x-fleetwright.autoscale.prometheus']),
    ...(rollout.analysis === undefined ? [] : ['x-fleetwright.rollout.analysis']),
  ];
}

function unanswered(
  application: ApplicationSpec,
  { name, origins }: ServiceSpec,
  path: string,
): Diagnostic {
  const origin = originOf(origins, path) ?? application.origin;
  const message = `service "${name}" goes by a query, and fleet.yaml names no Prometheus`;
  const hint = 'Add prometheus: { url: "http://prometheus.example.com:9090" } to fleet.yaml';
  return diagnosticAt(origin, `services.${name}.${path}`, 'no-prometheus', message, { hint });
}

/** The URL of fleet.yaml is one that can be asked, and holds nothing secret. It is not quoted: it may hold a password. */
export function judgePrometheus(cursor: Cursor): void {
  const text = readText(cursor);
  if (text === null) return;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.username !== '' || url.password !== '')) {
    complain(
      cursor,
      'secret-in-url',
      '"url" holds a user or a password, which whoever reads the repository would know',
      'Name an address that needs neither',
    );
  } else if (url === null || !isBase(url, text)) {
    const message = '"url" must be http:// or https://, a host, and perhaps a port and a path';
    complain(
      cursor,
      'invalid-value',
      message,
      'Write it like "http://prometheus.example.com:9090"',
    );
  }
}

function isBase({ protocol }: URL, text: string): boolean {
  return (protocol === 'http:' || protocol === 'https:') && !/[?#\s]/.test(text);
}
