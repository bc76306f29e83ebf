import type { Amounts as AmountsDocument, Host, Hosts } from '../generated/hosts.ts';
import type { Amounts, HostSpec } from '../model/fleet.ts';
import { isoTime } from '../model/iso-time.ts';
import type { HostName } from '../model/names.ts';
import type { HostObservation } from '../model/observation.ts';
import type { Revision } from '../model/revision.ts';
import { serviceOn } from '../model/variants.ts';
import { capacityOf, reservationOf } from '../placement/room.ts';
import type { ApplicationDecision } from '../rollout/decide-application.ts';
import type { HostStanding } from '../rollout/host-standing.ts';
import { revisionDocument } from './revision-document.ts';

export interface HostsInput {
  readonly revision: Revision;
  /** Sorted by name. */
  readonly hosts: readonly HostSpec[];
  readonly observations: ReadonlyMap<HostName, HostObservation>;
  readonly applications: readonly ApplicationDecision[];
  readonly standings: readonly HostStanding[];
  readonly now: number;
}

/** The hosts as a document: schemas/hosts.schema.json. */
export function hostsDocument(input: HostsInput): Hosts {
  const { revision, hosts, observations, applications, now } = input;
  const standings = new Map(input.standings.map((standing) => [standing.host, standing]));
  const uses = usesOf(applications);
  return {
    version: 1,
    revision: revisionDocument(revision),
    generatedAt: isoTime(now),
    hosts: hosts.map((spec) =>
      hostDocument(spec, {
        seen: observations.get(spec.name),
        standing: standings.get(spec.name),
        use: uses.get(spec.name) ?? noUse,
      }),
    ),
  };
}

/** What the slots on a host take of it. */
interface Use extends Amounts {
  readonly slots: number;
}

const noUse: Use = { slots: 0, nanoCpus: 0, memoryBytes: 0 };

function usesOf(applications: readonly ApplicationDecision[]): ReadonlyMap<HostName, Use> {
  const uses = new Map<HostName, Use>();
  for (const { target, slots } of applications) {
    const services = new Map(target.spec.services.map((service) => [service.name, service]));
    for (const { service: name, host } of slots) {
      const service = services.get(name);
      if (host === null || service === undefined || service.job !== null) continue;
      const use = uses.get(host) ?? noUse;
      const { nanoCpus, memoryBytes } = reservationOf(serviceOn(service, host));
      uses.set(host, {
        slots: use.slots + 1,
        nanoCpus: use.nanoCpus + nanoCpus,
        memoryBytes: use.memoryBytes + memoryBytes,
      });
    }
  }
  return uses;
}

interface HostFacts {
  readonly seen: HostObservation | undefined;
  readonly standing: HostStanding | undefined;
  readonly use: Use;
}

function hostDocument(spec: HostSpec, { seen, standing, use }: HostFacts): Host {
  const { name, address, labels, reserve = {} } = spec;
  return {
    host: name,
    ...lookOf(spec, seen, standing),
    use: standing?.use ?? 'open',
    address,
    reserve: amounts({ nanoCpus: 0, memoryBytes: 0, ...reserve }),
    reserved: amounts(use),
    slots: use.slots,
    labels: { ...labels },
  };
}

type Look = Pick<
  Host,
  'state' | 'since' | 'reason' | 'engine' | 'apiVersion' | 'platform' | 'capacity' | 'engineLabels'
>;

function lookOf(
  spec: HostSpec,
  seen: HostObservation | undefined,
  standing: HostStanding | undefined,
): Look {
  if (seen?.kind === 'reachable') {
    const { engine } = seen;
    return {
      state: 'ready',
      since: null,
      reason: '',
      engine: engine.version,
      apiVersion: engine.apiVersion,
      platform: `${engine.os}/${engine.architecture}`,
      capacity: amounts(capacityOf({ spec, engine })),
      engineLabels: { ...engine.labels },
    };
  }
  const { nanoCpus, memoryBytes } = spec.capacity ?? {};
  const isKnown = nanoCpus !== undefined && memoryBytes !== undefined;
  return {
    state: standing === undefined || standing.state === 'ready' ? 'unreachable' : standing.state,
    since: seen === undefined ? null : isoTime(seen.since),
    reason: seen?.reason ?? '',
    engine: '',
    apiVersion: '',
    platform: '',
    capacity: isKnown ? amounts({ nanoCpus, memoryBytes }) : null,
    engineLabels: {},
  };
}

function amounts({ nanoCpus, memoryBytes }: Amounts): AmountsDocument {
  return { cpus: nanoCpus / 1e9, memory: memoryBytes };
}
