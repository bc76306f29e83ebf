import { backendOf, type ProxyRole } from '../model/traffic.ts';
import { isAdmitted } from './decide-traffic.ts';
import type { TrafficView } from './endpoints.ts';

/** Who gets the requests for a service that come through the proxies of one role. */
export interface TrafficStatus {
  readonly host: string;
  readonly path: string;
  /** Instances that are to have requests. */
  readonly endpoints: number;
  /** How many of them are sent some by each proxy that is known: the fewest. */
  readonly admitted: number;
  /** Proxies that have said so. */
  readonly proxies: number;
}

/** Null: it is not exposed through these. */
export function trafficStatus(
  views: readonly TrafficView[],
  role: ProxyRole,
  application: string,
  service: string,
): TrafficStatus | null {
  const backend = backendOf(application, service);
  const view = views.find(({ group }) => group.role === role);
  const exposure = view?.exposures.get(backend);
  if (view === undefined || exposure === undefined) return null;
  const endpoints = view.endpoints.filter(({ endpoint }) => endpoint.backend === backend);
  const states = view.proxies.flatMap(({ state }) => state ?? []);
  const admitted = states.map(
    (state) => endpoints.filter(({ endpoint }) => isAdmitted(state, endpoint)).length,
  );
  return {
    host: exposure.host,
    path: exposure.expose.path,
    endpoints: endpoints.length,
    admitted: states.length === 0 ? 0 : Math.min(...admitted),
    proxies: states.length,
  };
}
