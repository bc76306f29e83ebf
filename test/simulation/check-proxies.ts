import { isDeepStrictEqual } from 'node:util';

import { label } from '../../src/model/labels.ts';
import { toContainerId } from '../../src/model/names.ts';
import type { ExposeSpec } from '../../src/model/traffic.ts';
import { backendOf, routeKey, serverName } from '../../src/model/traffic.ts';
import type { Decision } from '../../src/rollout/decide.ts';
import type { TrueContainer } from './census.ts';
import type { End } from './check-end.ts';
import { edgeName } from './expose.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** Whether a container of the proxies runs a program that takes no commands: nobody knows what it does with requests. */
export function hasDeafProxy({ hosts }: World): boolean {
  const all = [...hosts.values()].flatMap(({ engine }) => engine.truth().containers);
  return all.some(
    ({ labels, isRunning, haproxy }) =>
      isRunning &&
      labels[label.application] === edgeName &&
      (haproxy === null || haproxy.backends.length === 0),
  );
}

/**
 * Each proxy has who is to have requests, where they listen, and nobody else.
 *
 * @throws Violation
 */
export function checkProxies(end: Pick<End, 'everywhere' | 'life'>, decision: Decision): void {
  const exposures = exposuresOf(end, decision);
  const wanted = {
    servers: end.everywhere.flatMap((one) => serverOf(one, exposures) ?? []).toSorted(),
    routes: [...exposures]
      .map(([backend, expose]) => `${routeKey(expose.host ?? '', expose.path)} ${backend}`)
      .toSorted(),
  };
  for (const { raw, name, host } of end.everywhere) {
    const { haproxy } = raw;
    if (haproxy === null || !raw.isRunning) continue;
    const servers = [...haproxy.servers.values()].map(
      (one) => `${one.backend}/${one.name} ${one.address}:${one.port} ${one.state}`,
    );
    const routes = haproxy.routes.map((route) => route.join(' '));
    const found = { servers: servers.toSorted(), routes: routes.toSorted() };
    if (isDeepStrictEqual(found, wanted)) continue;
    const what = `"${name}" on ${host.name}: ${JSON.stringify(found)} and not ${JSON.stringify(wanted)}`;
    throw new Violation('each proxy has exactly what is wanted', what);
  }
}

/** By backend. What was taken away may be there still, when it may not be pruned yet. */
function exposuresOf(
  { life }: Pick<End, 'life'>,
  { applications }: Decision,
): ReadonlyMap<string, ExposeSpec> {
  const exposures = new Map<string, ExposeSpec | undefined>();
  const good = [...life.journal().applications.values()].flatMap(
    ({ lastKnownGood }) => lastKnownGood?.spec ?? [],
  );
  for (const spec of [...applications.map(({ target }) => target.spec), ...good]) {
    for (const { name, expose } of spec.services) {
      const backend = backendOf(spec.name, name);
      if (!exposures.has(backend)) exposures.set(backend, expose);
    }
  }
  return new Map(
    [...exposures].flatMap(([backend, expose]) =>
      expose === undefined ? [] : [[backend, expose]],
    ),
  );
}

/** An instance that is promoted and well, as a proxy is told of it; null: it is to have no requests. */
function serverOf(
  { identity, raw, id, name, host }: TrueContainer,
  exposures: ReadonlyMap<string, ExposeSpec>,
): string | null {
  const backend = backendOf(identity?.application ?? '', identity?.service ?? '');
  const expose = exposures.get(backend);
  const isWell = raw.isRunning && (raw.health === 'none' || raw.health === 'healthy');
  if (expose === undefined || !isWell || raw.restart === 'no') return null;
  const port = raw.open.find(({ key }) => key === `${expose.port}/tcp`);
  if (port === undefined) return null;
  const server = serverName(host.name, { id: toContainerId(id), name });
  return `${backend}/${server} ${host.address}:${port.hostPort} ready`;
}
