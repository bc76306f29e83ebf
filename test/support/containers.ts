import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import { label } from '../../src/model/labels.ts';
import { shellOf } from './sandbox.ts';

/** A container of the fleet under test, as the engine lists it. */
export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly application: string;
  readonly service: string;
  readonly slot: string;
  readonly hash: string;
  readonly image: string;
  readonly state: string;
}

/** All containers of a fleet, on all hosts, sorted by name: the truth that tests compare with. */
export async function listContainers(
  hosts: readonly HostDescription[],
  fleet: string,
): Promise<readonly ListedContainer[]> {
  const lists = await Promise.all(
    hosts.map(async (host) => {
      const filters = { label: [`${label.fleet}=${fleet}`] };
      const found = await shellOf(host).listContainers({ all: true, filters });
      return found.map(({ Id, Names, Labels, Image, State }) => ({
        id: Id,
        name: (Names[0] ?? '').slice(1),
        host: host.name,
        application: Labels[label.application] ?? '',
        service: Labels[label.service] ?? '',
        slot: Labels[label.slot] ?? '',
        hash: Labels[label.hash] ?? '',
        image: Image,
        state: State,
      }));
    }),
  );
  return lists.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
