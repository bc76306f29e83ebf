import { mapNode, textNode, valueNode } from './build-node.ts';
import { mapServices } from './map-services.ts';
import { member, type MapEntry, type MapNode, type Node } from './node.ts';
import { formatScalar } from './scalars/format-scalar.ts';

interface Implied {
  readonly service: string;
  /** What it follows from, and where it stands. */
  readonly cause: Node;
  /** Whether this service must be restarted with the other one. */
  readonly restart: boolean;
}

const namespaces = ['network_mode', 'ipc', 'pid', 'uts', 'cgroup'];

/**
 * Writes down the dependencies that follow from other keys, in a canonical document: a service starts after those whose
 * namespaces, volumes or names it uses. What `depends_on` says itself wins.
 */
export function addImplicitDependencies(document: Node): Node {
  return mapServices(document, (service) => {
    const implied = impliedBy(service);
    const written = service.entries.get('depends_on');
    if (implied.length === 0 || (written !== undefined && written.node.kind !== 'map')) {
      return service;
    }
    const own = written?.node.kind === 'map' ? written.node.entries : new Map<string, MapEntry>();
    const added = implied.map((each): [string, MapEntry] => [each.service, dependency(each)]);
    // Of two that imply the same one, the first counts.
    const all = new Map([...own, ...added.toReversed(), ...own]);
    const origin = written?.node.origin ?? service.origin;
    const node: MapNode = { ...mapNode(origin, []), entries: all };
    const entry = { key: written?.key ?? origin, node };
    return { ...service, entries: new Map(service.entries).set('depends_on', entry) };
  });
}

function impliedBy(service: MapNode): readonly Implied[] {
  const shared = namespaces.flatMap((key) => {
    const cause = member(service, key);
    const name = /^service:(.+)$/.exec(textOf(cause))?.[1];
    return cause === undefined || name === undefined
      ? []
      : [{ service: name, cause, restart: true }];
  });
  const links = itemsOf(service, 'links').map((cause) => ({
    service: textOf(cause).replace(/:.*$/s, ''),
    cause,
    restart: true,
  }));
  const mounted = itemsOf(service, 'volumes_from')
    .filter((cause) => !textOf(cause).startsWith('container:'))
    .map((cause) => ({
      service: textOf(cause).replace(/:.*$/s, ''),
      cause,
      restart: false,
    }));
  return [...shared, ...links, ...mounted].filter((each) => each.service !== '');
}

function dependency({ cause: { origin }, restart }: Implied): MapEntry {
  const node = mapNode(origin, [
    ['condition', textNode(origin, 'service_started')],
    ['required', valueNode(origin, true)],
    ['restart', valueNode(origin, restart)],
  ]);
  return { key: origin, node };
}

function itemsOf(service: MapNode, key: string): readonly Node[] {
  const node = member(service, key);
  return node?.kind === 'list' ? node.items : [];
}

function textOf(node: Node | undefined): string {
  return node?.kind === 'scalar' ? formatScalar(node) : '';
}
