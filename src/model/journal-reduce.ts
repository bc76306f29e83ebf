import type {
  HostRecord,
  JournalEntry,
  JournalState,
  PostStartRecord,
  SlotRecord,
} from './journal-state.ts';
import { emptyApplicationRecord } from './journal-state.ts';
import { withHeal } from './healed-drift.ts';
import type { ContainerId, HostName } from './names.ts';
import type { ApplicationEntry } from './reduce-application.ts';
import { present } from './present.ts';
import { reduceApplication } from './reduce-application.ts';
import { reduceImages } from './reduce-images.ts';

/** The journal after an entry. What it does not touch stays the same object, so that only what changed is written. */
export function reduceJournal(state: JournalState, entry: JournalEntry): JournalState {
  switch (entry.kind) {
    case 'slot-reserved': {
      const { epoch, hash, host, vacating } = entry;
      const before = state.slots.get(entry.slot);
      const { repairs = 0, lastRepairAt = 0 } = before?.hash === hash ? before : {};
      return withSlot(state, entry.slot, {
        epoch,
        hash,
        host,
        pending: true,
        vacating,
        repairs,
        lastRepairAt,
        ...keptOf(before),
      });
    }
    case 'instance-seen': {
      const { epoch, hash, host } = entry;
      const before = state.slots.get(entry.slot);
      const isNewest = before === undefined || epoch >= before.epoch;
      const { repairs = 0, lastRepairAt = 0 } = before ?? {};
      const kept = { repairs, lastRepairAt, ...keptOf(before) };
      const seen = { epoch, hash, host, pending: false, vacating: false, ...kept };
      const next = isNewest ? withSlot(state, entry.slot, seen) : state;
      const { slot, container } = entry;
      const instances = withKey(next.instances, container, { slot, retired: false });
      return { ...next, instances };
    }
    case 'instance-adopted': {
      const { slot, container, host, adopted } = entry;
      const { epoch = 0, repairs = 0, lastRepairAt = 0 } = state.slots.get(slot) ?? {};
      const { hash } = adopted;
      const seen = { epoch, hash, host, pending: false, vacating: false, repairs, lastRepairAt };
      const next = withSlot(state, slot, seen);
      const instances = withKey(next.instances, container, { slot, retired: false, adopted });
      return { ...next, instances };
    }
    case 'instance-retired': {
      const { slot, container } = entry;
      const retired = { ...state.instances.get(container), slot, retired: true };
      return { ...state, instances: withKey(state.instances, container, retired) };
    }
    case 'hooks-due':
      return withPostStart(state, entry, { kind: 'due' });
    case 'hooks-ended': {
      const { failure, at } = entry;
      const ended = failure === null ? { kind: 'done', at } : { kind: 'failed', message: failure };
      return withPostStart(state, entry, ended as PostStartRecord);
    }
    case 'instance-gone': {
      const instances = new Map(state.instances);
      instances.delete(entry.container);
      return { ...state, instances };
    }
    case 'repaired': {
      const before = state.slots.get(entry.slot);
      if (before === undefined) return state;
      const { repairs, at, drift } = entry;
      const heals = drift === undefined ? before.heals : withHeal(before.heals ?? [], drift, at);
      const repaired = { ...before, repairs, lastRepairAt: at };
      return withSlot(state, entry.slot, heals === undefined ? repaired : { ...repaired, heals });
    }
    case 'hash-renewed': {
      const { slot, container, hash } = entry;
      const before = state.instances.get(container) ?? { retired: false };
      const renewed = { ...before, slot, hash };
      return { ...state, instances: withKey(state.instances, container, renewed) };
    }
    case 'changed-in-place': {
      const before = state.slots.get(entry.slot);
      if (before === undefined) return state;
      return withSlot(state, entry.slot, { ...before, changedAt: entry.at });
    }
    case 'networks-off': {
      const before = state.instances.get(entry.container);
      if (before === undefined) return state;
      const { off: _off, ...rest } = before;
      const { networks } = entry;
      const after = networks.length === 0 ? rest : { ...rest, off: networks };
      return { ...state, instances: withKey(state.instances, entry.container, after) };
    }
    case 'move-asked': {
      const before = state.slots.get(entry.slot);
      if (before === undefined) return state;
      return withSlot(state, entry.slot, { ...before, movesTo: entry.to });
    }
    case 'move-ended': {
      const before = state.slots.get(entry.slot);
      if (before?.movesTo === undefined) return state;
      const { movesTo: _movesTo, ...rest } = before;
      return withSlot(state, entry.slot, rest);
    }
    case 'slot-evicted': {
      const before = state.slots.get(entry.slot);
      if (before === undefined) return state;
      const { host, by } = entry;
      return withSlot(state, entry.slot, { ...before, evicted: { host, by } });
    }
    case 'eviction-ended': {
      const before = state.slots.get(entry.slot);
      if (before?.evicted === undefined) return state;
      const { evicted: _evicted, ...rest } = before;
      return withSlot(state, entry.slot, rest);
    }
    case 'scaled':
      return withUnasked(withApplication(state, entry), entry);
    case 'succeeded':
      return entry.spec.services
        .filter(({ mode, autoscale }) => mode === 'replicated' && autoscale === undefined)
        .map(({ name, replicas }) => ({ application: entry.application, service: name, replicas }))
        .reduce(withUnasked, withApplication(state, entry));
    case 'pruned':
      return forget(state, entry.application);
    case 'host-away':
      return withHost(state, entry.host, { awaySince: entry.since });
    case 'host-back':
      return withHost(state, entry.host, { awaySince: null, lost: undefined });
    case 'host-lost':
      return withHost(state, entry.host, { lost: true });
    case 'host-use':
      return withHost(state, entry.host, { use: entry.use === 'open' ? undefined : entry.use });
    case 'host-fenced':
      return withHost(state, entry.host, { fenced: { at: entry.at, by: entry.by } });
    case 'host-unfenced':
      return withHost(state, entry.host, { fenced: null });
    case 'image-pulled':
    case 'image-unused':
    case 'image-removal':
    case 'image-gone':
      return { ...state, images: reduceImages(state.images, entry) };
    case 'request-answered':
      return state;
    default:
      return withApplication(state, entry);
  }
}

function withApplication(state: JournalState, entry: ApplicationEntry): JournalState {
  const before = state.applications.get(entry.application) ?? emptyApplicationRecord;
  const after = reduceApplication(before, entry);
  return { ...state, applications: withKey(state.applications, entry.application, after) };
}

/** Slots above the number are asked for no more: what they had to be repaired of is forgotten. */
function withUnasked(
  state: JournalState,
  {
    application,
    service,
    replicas,
  }: { readonly application: string; readonly service: string; readonly replicas: number },
): JournalState {
  const prefix = `${application}/${service}/`;
  const above = [...state.slots].filter(
    ([key]) => key.startsWith(prefix) && Number(key.slice(prefix.length)) > replicas,
  );
  return above.reduce((next, [key, record]) => {
    const unasked = { ...record, repairs: 0, lastRepairAt: 0, unasked: true } as const;
    return withSlot(next, key, unasked);
  }, state);
}

function withPostStart(
  state: JournalState,
  { slot, container }: { readonly slot: string; readonly container: ContainerId },
  postStart: PostStartRecord,
): JournalState {
  const before = state.instances.get(container) ?? { slot, retired: false };
  return { ...state, instances: withKey(state.instances, container, { ...before, postStart }) };
}

/** What outlives an instance of a slot. */
function keptOf(record: SlotRecord | undefined): Pick<SlotRecord, 'movesTo' | 'heals' | 'evicted'> {
  const { movesTo, heals, evicted } = record ?? {};
  return present({ movesTo, heals, evicted });
}

function withSlot(state: JournalState, key: string, slot: SlotRecord): JournalState {
  return { ...state, slots: withKey(state.slots, key, slot) };
}

type HostChange = { readonly [Key in keyof HostRecord]?: HostRecord[Key] | undefined };

/** Nothing is kept of a host that is there and that is open. */
function withHost(state: JournalState, host: HostName, change: HostChange): JournalState {
  const before = state.hosts.get(host) ?? { awaySince: null, fenced: null };
  const { awaySince, fenced, lost, use } = { ...before, ...change };
  const record = {
    awaySince: awaySince ?? null,
    fenced: fenced ?? null,
    ...present({ lost, use }),
  };
  const hosts = withKey(state.hosts, host, record);
  if (Object.values(record).every((value) => value === null)) hosts.delete(host);
  return { ...state, hosts };
}

function withKey<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
  value: Value,
): Map<Key, Value> {
  return new Map(map).set(key, value);
}

function forget(state: JournalState, application: string): JournalState {
  const prefix = `${application}/`;
  const keep = (key: string): boolean => !key.startsWith(prefix);
  return {
    ...state,
    applications: new Map([...state.applications].filter(([name]) => name !== application)),
    slots: new Map([...state.slots].filter(([key]) => keep(key))),
    instances: new Map([...state.instances].filter(([, { slot }]) => keep(slot))),
  };
}
