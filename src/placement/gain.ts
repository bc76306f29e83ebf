import type { Amounts } from '../model/fleet.ts';
import { attributeOf } from './constraint.ts';
import type { Demand } from './demand.ts';
import type { Choice } from './host-queue.ts';
import { shareOf, tenthsOf } from './room.ts';

/** What a move makes evener. */
export interface Gain {
  /** By what placement goes first: less is more. */
  readonly weight: number;
  /** How much evener, in slots or in tenths of a host. */
  readonly amount: number;
  readonly why: string;
}

/** What one of the things that placement goes by comes to on two hosts. */
interface Measure {
  readonly weight: number;
  /** Where the slot is now, without it, and where it would go. */
  readonly here: number;
  readonly there: number;
  readonly why: string;
}

/**
 * What is gained when a slot goes from one host to another: the first of the things by which placement goes that tells the two
 * apart decides. Null: nothing is.
 *
 * @param here the host that it is on, measured with it
 */
export function gainOf(demand: Demand, here: Choice, there: Choice): Gain | null {
  const decisive = measuresOf(demand, here, there).find((one) => one.here !== one.there);
  if (decisive === undefined || decisive.here < decisive.there) return null;
  const { weight, why } = decisive;
  return { weight, why, amount: decisive.here - decisive.there };
}

/** Negative when the first gain is the greater one. */
export function compareGains(a: Gain, b: Gain): number {
  return a.weight - b.weight || b.amount - a.amount;
}

function measuresOf(demand: Demand, here: Choice, there: Choice): readonly Measure[] {
  const { key, application, service, needs } = demand;
  const names = [here.ranked.host.name, there.ranked.host.name] as const;
  const spread = here.group.counts.map((count, depth): Measure => {
    const slots = count.slots - 1;
    const same = there.group.counts[depth] === count;
    const other = same ? slots : (there.group.counts[depth]?.slots ?? 0);
    const label = service.spread?.[depth] ?? '';
    const [own, others] = [
      attributeOf(here.ranked.host, label),
      attributeOf(there.ranked.host, label),
    ];
    const why = `${label} ${own} has ${slotsOf(slots + 1)} of ${key}, ${others} has ${other}`;
    return { weight: 0, here: slots, there: other, why };
  });
  const count = (weight: number, all: number, other: number, what: string): Measure => {
    const own = all - 1;
    const why = `${names[0]} has ${slotsOf(own + 1)}${what}, ${names[1]} has ${other}`;
    return { weight, here: own, there: other, why };
  };
  const counts = [
    ...spread,
    count(1, here.ranked.service, there.ranked.service, ` of ${key}`),
    count(2, here.ranked.application, there.ranked.application, ` of ${application}`),
  ];
  const isFree = names.every((name) => isNothing(needs(name).reservation));
  return isFree
    ? [...counts, count(4, here.ranked.total, there.ranked.total, '')]
    : [...counts, ...reserved(demand, here, there)];
}

/** A host from which it takes nothing that is scarce there is not relieved by its leaving. */
function reserved({ needs }: Demand, here: Choice, there: Choice): readonly Measure[] {
  const { room, load, name } = here.ranked.host;
  const { reservation } = needs(name);
  const without = {
    nanoCpus: load.nanoCpus - reservation.nanoCpus,
    memoryBytes: load.memoryBytes - reservation.memoryBytes,
  };
  if (shareOf(room, without, nothing) >= shareOf(room, load, nothing)) return [];
  const [own, other] = [tenthsOf(room, load, nothing), there.ranked.tenths];
  const why = `${10 * own} % of ${name} is reserved, ${10 * other} % of ${there.ranked.host.name} with it`;
  return [{ weight: 3, here: own, there: other, why }];
}

function slotsOf(number: number): string {
  return `${number} ${number === 1 ? 'slot' : 'slots'}`;
}

function isNothing({ nanoCpus, memoryBytes }: Amounts): boolean {
  return nanoCpus === 0 && memoryBytes === 0;
}

const nothing: Amounts = { nanoCpus: 0, memoryBytes: 0 };
