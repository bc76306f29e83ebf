import { hasInstances, type ServiceSpec } from '../model/application.ts';
import { entrancePort, isReachable } from '../model/entrance-port.ts';
import type { Entrance, ProofReading, ProofTally, ProofTarget } from '../model/proof.ts';
import { proofKey } from '../model/proof.ts';
import { backendOf, routeKey, type ProxyState } from '../model/traffic.ts';
import type { ApplicationContext } from './application-context.ts';
import type { Proxy, TrafficView } from './endpoints.ts';

/** A rollout, as far as the requests during it are concerned. */
interface ProvenRollout {
  readonly startedAt: number;
  readonly proofs?: Readonly<Record<string, ProofTally>>;
}

/** The requests that are to be sent while a rollout of the application is under way; none where no service asks for them. */
export function proofTargets(
  context: Pick<ApplicationContext, 'application' | 'views' | 'traffic' | 'world'>,
  { startedAt: rolloutAt, proofs = {} }: ProvenRollout,
): readonly ProofTarget[] {
  const { application, views, traffic } = context;
  const view = traffic.find(({ group }) => group.role === 'ingress');
  if (view === undefined) return [];
  return views.flatMap(({ service: spec }): readonly ProofTarget[] => {
    const { name: service, expose } = spec;
    const { host, path = '/', proof } = expose ?? {};
    // What is to have no instances is to answer nothing.
    if (host === undefined || proof === undefined || !hasInstances(spec)) return [];
    const proxies = view.proxies.filter(isSteady);
    const key = routeKey(host, path);
    const isServing = ({ state }: Proxy): boolean =>
      state !== null && servesAt(state, backendOf(application, service), key);
    const entrances =
      proof.url === null
        ? entrancesOf(context, view, proxies, isServing)
        : [{ url: proof.url, isServing: proxies.some(isServing) }];
    const before = proofs[service] ?? null;
    return [{ application, service, rolloutAt, host, proof, entrances, before }];
  });
}

/** What is known now of the requests of a target. */
export function readingOf(
  { world }: Pick<ApplicationContext, 'world'>,
  target: ProofTarget,
): ProofReading | null {
  const reading = world.proofs?.get(proofKey(target));
  return reading?.rolloutAt === target.rolloutAt ? reading : null;
}

/** One that starts, or is on its way out, is not where requests are sent. */
function isSteady({ instance: { container } }: Proxy): boolean {
  return container.state === 'running' && container.restart.name !== 'no';
}

function servesAt({ routes, servers }: ProxyState, backend: string, key: string): boolean {
  const isRouted = routes[key] === backend;
  return isRouted && servers.some((server) => server.backend === backend && server.isReady);
}

function entrancesOf(
  { world }: Pick<ApplicationContext, 'world'>,
  { group }: TrafficView,
  proxies: readonly Proxy[],
  isServing: (proxy: Proxy) => boolean,
): readonly Entrance[] {
  const { applications, fleet } = world.desired;
  const service = applications
    .find(({ name }) => name === group.application)
    ?.services.find(({ name }) => name === group.service);
  const addresses = new Map(fleet.hosts.map(({ name, address }) => [name, address]));
  return proxies.flatMap((proxy) => {
    const { host } = proxy.instance.container;
    const url = service === undefined ? null : urlOf(service, proxy, addresses.get(host));
    return url === null ? [] : [{ url, isServing: isServing(proxy) }];
  });
}

function urlOf(service: ServiceSpec, { instance }: Proxy, host: string | undefined): string | null {
  const target = entrancePort(service.container);
  const port = instance.container.published.find(
    (one) => one.target === target && one.protocol === 'tcp' && isReachable(one.hostIp),
  );
  if (port === undefined || host === undefined) return null;
  const isAnywhere = port.hostIp === '' || port.hostIp === '0.0.0.0';
  const address = isAnywhere ? host : port.hostIp;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port.hostPort}`;
}
