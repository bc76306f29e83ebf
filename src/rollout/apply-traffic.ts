import type { DesiredState } from '../model/desired.ts';
import type { ContainerId } from '../model/names.ts';
import type { Step } from '../model/step.ts';
import { isTrafficAction } from '../model/step.ts';
import type { ProxyReading, ProxyState, TrafficChange, TrafficMap } from '../model/traffic.ts';
import { backendOf } from '../model/traffic.ts';
import { runningProxies } from './endpoints.ts';
import type { World } from './world.ts';

/**
 * What the proxies say after steps that all succeed: each has answered all requests at once, and one that is new, or was not
 * heard of, has nothing.
 */
export function applyTraffic(world: World, steps: readonly Step[]): TrafficMap {
  const traffic = new Map<ContainerId, ProxyReading>(
    runningProxies(world).map(({ container: { id, startedAt } }) => [
      id,
      readingOf(world, world.traffic.get(id), startedAt ?? 0),
    ]),
  );
  for (const { action } of steps) {
    if (!isTrafficAction(action)) continue;
    const reading = traffic.get(action.guard.id);
    if (reading?.kind !== 'read') continue;
    traffic.set(action.guard.id, { ...reading, state: changed(reading.state, action) });
  }
  return traffic;
}

/** The world with proxies that all answer: those that were silent, or not asked, have nothing. */
export function withAnswers(world: World): World {
  const answers = [...world.traffic].filter(([, { kind }]) => kind === 'read');
  return { ...world, traffic: applyTraffic({ ...world, traffic: new Map(answers) }, []) };
}

function readingOf(
  { desired }: World,
  before: ProxyReading | undefined,
  startedAt: number,
): ProxyReading {
  if (before?.startedAt === startedAt) return before;
  const state = { backends: backendsOf(desired), servers: [], routes: {} };
  return { kind: 'read', startedAt, leavingSince: {}, state };
}

/** Of a configuration that nobody has read yet, none is missing. */
function backendsOf({ applications }: DesiredState): readonly string[] {
  return applications.flatMap(({ name, services }) =>
    services.flatMap((service) =>
      service.expose === undefined ? [] : [backendOf(name, service.name)],
    ),
  );
}

function changed(state: ProxyState, change: TrafficChange): ProxyState {
  if (change.kind === 'route-requests') {
    const { [change.key]: _before, ...others } = state.routes;
    const { key, backend } = change;
    return { ...state, routes: backend === null ? others : { ...others, [key]: backend } };
  }
  const { endpoint } = change;
  const { backend, name } = endpoint;
  const others = state.servers.filter((one) => one.backend !== backend || one.name !== name);
  if (change.kind === 'remove-endpoint') return { ...state, servers: others };
  const isReady = change.kind === 'admit-endpoint';
  return { ...state, servers: [...others, { ...endpoint, isReady, sessions: 0 }] };
}
