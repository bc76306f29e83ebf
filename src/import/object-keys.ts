import { label } from '../model/labels.ts';
import type { ObservedNetwork } from '../model/observation.ts';
import type { FoundApplication } from './found-application.ts';
import type { ObjectKeys } from './service-value.ts';
import type { YamlMap } from './yaml-value.ts';
import { written } from './yaml-value.ts';

/** Networks and volumes of an application: their keys in the manifest, and what it says of them. */
export interface Objects extends ObjectKeys {
  readonly networks: YamlMap;
  readonly volumes: YamlMap;
}

/**
 * A network that Compose made for the project is one of the application, so that it is made on other hosts too. All else,
 * volumes above all, is external: it is used under its name, and neither made nor removed by anybody here.
 */
export function objectsOf(
  { name, composeProject, containers }: FoundApplication,
  observed: readonly ObservedNetwork[],
): Objects {
  const specs = containers.map(({ container }) => container.spec);
  const attachments = specs.flatMap(({ networks }) => networks);
  const fixed = new Set(
    attachments
      .filter((each) => each.ipv4Address !== undefined || each.ipv6Address !== undefined)
      .map(({ network }) => network),
  );
  const prefix = `${name}_`;
  const isOwn = (network: ObservedNetwork): boolean =>
    composeProject !== null &&
    network.labels[label.composeProject] === composeProject &&
    network.name.startsWith(prefix) &&
    network.driver === 'bridge' &&
    !fixed.has(network.name);
  const own = new Map(
    observed.filter(isOwn).map((each) => [each.name, each.name.slice(prefix.length)]),
  );
  const internal = new Set(observed.filter((each) => each.internal).map((each) => each.name));
  const networkKey = (network: string): string => own.get(network) ?? keyFrom(network);
  const used = sorted(attachments.map(({ network }) => network)).filter(isNamed);
  const volumes = sorted(
    specs
      .flatMap(({ mounts }) => mounts)
      .flatMap((mount) => (mount.type === 'volume' && mount.source !== '' ? [mount.source] : [])),
  );
  return {
    network: networkKey,
    volume: keyFrom,
    networks: Object.fromEntries(
      used.flatMap((network): readonly [string, YamlMap][] => {
        const key = networkKey(network);
        if (!own.has(network)) return [[key, external(key, network)]];
        const value = written({ internal: internal.has(network) });
        const isImplied = key === 'default' && Object.keys(value).length === 0;
        return isImplied ? [] : [[key, value]];
      }),
    ),
    volumes: Object.fromEntries(
      volumes.map((volume) => [keyFrom(volume), external(keyFrom(volume), volume)]),
    ),
  };
}

function external(key: string, name: string): YamlMap {
  return key === name ? { external: true } : { external: true, name };
}

/** Modes of the engine are no networks of a manifest. */
function isNamed(network: string): boolean {
  return !['host', 'bridge', 'none'].includes(network);
}

function keyFrom(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9._-]/g, '-');
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}
