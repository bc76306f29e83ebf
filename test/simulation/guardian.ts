import type { JournalState, Quarantine } from '../../src/model/journal-state.ts';
import type { ApplicationSpec, ServiceSpec } from '../../src/model/application.ts';
import { adoptedIdentity } from '../../src/drift/identify.ts';
import { coveredHash, liveDigest } from '../../src/model/hash.ts';
import { instanceName, label, parseIdentity, slotKey } from '../../src/model/labels.ts';
import { toContainerId, toHostName } from '../../src/model/names.ts';
import { serviceOn, versionsOf } from '../../src/model/variants.ts';
import type { Adopted, TrueContainer } from './census.ts';
import { Census, isAvailable, isComposed } from './census.ts';
import type { ApiRequest } from './engine/api.ts';
import type { Ledger } from './ledger.ts';
import { fleetName } from './manifest-files.ts';
import { mustKeepOrder, mustRaiseEpoch } from './must-keep-order.ts';
import { isQuestion, TrafficGuard } from './traffic-guard.ts';
import type { SimulatedHost } from './simulated-host.ts';
import { Violation } from './violation.ts';
import { guestPrefix } from './world.ts';

/** What the running operator has written down, and what it believes. */
export interface Beliefs {
  readonly journal: () => JournalState;
  /** Names of the hosts that it can see. */
  readonly visibleHosts: () => ReadonlySet<string>;
  /** It has lost a journal: it may know nothing of what it cannot see. */
  readonly hasForgotten: () => boolean;
  /** An application as the commit that it follows asks for it; null when it does not. */
  readonly askedFor: (application: string) => ApplicationSpec | null;
  /** Names of the hosts that it has given up: whatever is there serves nobody. */
  readonly givenUp: () => ReadonlySet<string>;
}

interface Watched {
  readonly census: Census;
  /** Of the engine, when its things were compared last. */
  revision: number;
  /** Named volumes: there may be more, never fewer. */
  volumes: ReadonlySet<string>;
  /** How the containers of others were. */
  strangers: ReadonlyMap<string, string>;
}

/**
 * Looks at everything that the operator asks of an engine before it happens, and compares it with how things really are
 * on all hosts at that moment.
 */
export class Guardian {
  readonly #ledger: Ledger;
  readonly #operator: Beliefs;
  readonly #watched: ReadonlyMap<SimulatedHost, Watched>;
  readonly #now: () => number;
  readonly #traffic: TrafficGuard;
  /** When instances were promoted, by their ids. */
  readonly #promotedAt = new Map<string, number>();
  /** Instances that were paused when they were to go: to be told to stop they have to run for a moment. */
  readonly #unpaused = new Set<string>();
  /** Names of hosts that were cut off together, each as often as it is. */
  readonly #cuts = new Set<readonly string[]>();
  /** How often something was compared. */
  checks = 0;

  constructor(
    hosts: Iterable<SimulatedHost>,
    ledger: Ledger,
    operator: Beliefs,
    now: () => number,
  ) {
    this.#ledger = ledger;
    this.#operator = operator;
    this.#now = now;
    this.#watched = new Map([...hosts].map((host) => [host, watch(host, this.#adopted)]));
    this.#traffic = new TrafficGuard({
      everywhere: () => this.everywhere(),
      operator,
      ledger,
      now,
      isPromoted: ({ id, raw }) => raw.restart !== 'no' || this.#promotedAt.has(id),
      isRecognised: (container) => this.#isRecognised(container),
      mayLose: (container, isServing) => this.#mayLose(container, 0, isServing),
    });
  }

  /** What the operator has written down of a container that it has adopted. */
  readonly #adopted: Adopted = (id) => {
    const { adopted, slot } = this.#operator.journal().instances.get(toContainerId(id)) ?? {};
    return adopted === undefined || slot === undefined ? null : adoptedIdentity(slot, adopted);
  };

  /** All containers everywhere. */
  everywhere(): readonly TrueContainer[] {
    return [...this.#watched.values()].flatMap(({ census }) => census.read());
  }

  /** @throws Violation */
  beforeRequest(host: SimulatedHost, { method, path, body }: ApiRequest): void {
    if (method === 'GET' || isQuestion(host, { path, body })) return;
    this.checks += 1;
    if (this.#ledger.stepsOn(host).length === 0) {
      throw new Violation('nothing is done without a step', `${method} ${path} on ${host.name}`);
    }
    const [, kind, name = '', verb = 'remove'] = path.split('/');
    if (kind === 'volumes' && method === 'DELETE' && dataOf(host).has(name)) {
      throw new Violation('volumes are never removed', `${path} on ${host.name}`);
    }
    if (kind === 'images' && method === 'DELETE') this.#mayRemoveImage(host, path.slice(8));
    if (kind !== 'containers') return;
    if (name === 'create' && !this.#ledger.isMourning) {
      const seen = this.#operator.visibleHosts();
      this.#mustNotMove(body);
      mustRaiseEpoch(
        this.everywhere().filter((one) => seen.has(one.host.name) && this.#isRecognised(one)),
        body,
      );
    }
    if (name === 'create') return;
    const container = this.#watched.get(host)?.census.find(name) ?? null;
    if (container === null) return;
    this.#mustBeOurs(container, verb);
    if (verb === 'exec') return;
    if (verb === 'unpause' && container.raw.restart === 'no') this.#unpaused.add(container.id);
    if (verb === 'update' && isPromotion(body)) this.#promotedAt.set(container.id, this.#now());
    if (this.#ledger.isLate(host, container.id)) return;
    mustKeepOrder(this.#ledger, this.#operator.journal(), container, verb);
    if (verb === 'start') this.#mayStart(container);
    if (verb === 'stop') {
      this.#traffic.mayStop(container);
      this.#mayLose(container, 0);
    }
    // One may always be missing for a restart, whatever the budget is.
    if (verb === 'restart') this.#mayLose(container, 1);
  }

  /** Hosts go out of sight together; they come back together after so long. Returns the end of it. */
  cutOff(hosts: readonly string[]): () => void {
    const seen = this.#operator.visibleHosts();
    const isMost = hosts.length >= 2 && hosts.length * 2 >= this.#watched.size;
    if (!isMost || !hosts.every((host) => seen.has(host))) return () => undefined;
    this.#cuts.add(hosts);
    return () => this.#cuts.delete(hosts);
  }

  /** Whoever sees half of the fleet vanish at once is cut off himself: what was there serves on, and is not replaced. */
  #mustNotMove(body: unknown): void {
    const { Labels: labels = {} } = body as { readonly Labels?: Readonly<Record<string, string>> };
    const made = parseIdentity(labels);
    if (made === null) return;
    const seen = this.#operator.visibleHosts();
    const cut = [...this.#cuts].find((hosts) => hosts.every((host) => !seen.has(host))) ?? [];
    const twins = this.everywhere().filter(
      ({ identity }) => identity !== null && slotKey(identity) === slotKey(made),
    );
    const newest = twins.toSorted((a, b) => epochOf(b) - epochOf(a))[0];
    if (newest === undefined || !newest.isLive || newest.raw.restart === 'no') return;
    if (!cut.includes(newest.host.name)) return;
    const what = `${slotKey(made)} serves on ${newest.host.name}`;
    throw new Violation('nothing moves while the operator is cut off', what);
  }

  /**
   * What must hold at any moment.
   *
   * @throws Violation
   */
  afterEvent(): void {
    for (const [host, watched] of this.#watched) {
      if (watched.revision === host.engine.revision) continue;
      watched.revision = host.engine.revision;
      this.checks += 1;
      keepsVolumes(host, watched);
      leavesStrangers(host, watched);
      this.#traffic.look(watched.census.read());
    }
  }

  /**
   * A version is remembered as last-known-good: all of it runs well, and has done so for as long as its manifest says.
   *
   * @param known what was last-known-good before
   * @throws Violation
   */
  succeeded(application: string, spec: ApplicationSpec, known: ApplicationSpec | null): void {
    this.checks += 1;
    for (const service of spec.services) {
      if (service.container.restart.name === 'no') continue;
      const former = known?.services.find(({ name }) => name === service.name);
      const isSame = former !== undefined && coveredHash(former) === coveredHash(service);
      if (!isSame) this.#mustBeProved(application, service);
    }
  }

  #mustBeProved(application: string, service: ServiceSpec): void {
    const { name, gate, mode, replicas, update } = service;
    const own = this.#live(application, name).filter(
      (one) =>
        one.identity?.hash === serviceOn(service, toHostName(one.host.name)).hash &&
        isAvailable(one, gate),
    );
    const held = new Set(own.map(({ slot }) => slot));
    const missing = mode === 'global' ? [] : missingSlots(application, service, held);
    const isMissing = missing.some((slot) => !this.#ledger.isHit(slot));
    const isNothing = held.size === 0 && replicas > 0;
    if (isMissing || (isNothing && this.#ledger.hitSlots(application, name).length === 0)) {
      const what = `${application}/${name} has ${[...held].join(', ')}`;
      throw new Violation('only what runs well becomes last-known-good', what);
    }
    const hurried = own.find(
      ({ id }) => this.#now() - (this.#promotedAt.get(id) ?? 0) < update.monitorMs,
    );
    if (hurried === undefined) return;
    const what = `"${hurried.name}" was promoted less than ${update.monitorMs} ms ago`;
    throw new Violation('what becomes last-known-good has been watched', what);
  }

  /** By one of its names, or by its id. */
  #mayRemoveImage(host: SimulatedHost, reference: string): void {
    const image = host.engine
      .truth()
      .images.find(
        ({ id, tags, digests }) =>
          id === reference || tags.has(reference) || digests.has(reference),
      );
    if (image === undefined) return;
    const what = `"${reference}" on ${host.name}`;
    for (const [application, record] of this.#operator.journal().applications) {
      const services = record.lastKnownGood?.spec.services ?? [];
      for (const { name, hash, container } of services.flatMap(versionsOf)) {
        const { digest } =
          record.pins?.find((pin) => pin.service === name && pin.hash === hash) ?? {};
        const isPinned = [...image.digests].some((each) => each.endsWith(`@${digest ?? ''}`));
        if (!isPinned && !image.tags.has(container.image)) continue;
        const why = `${what}: ${application}/${name}`;
        throw new Violation('an image that last-known-good needs is never removed', why);
      }
    }
  }

  #mustBeOurs({ raw, identity, name, host }: TrueContainer, verb: string): void {
    if (raw.labels[label.filler] === fleetName) return;
    const isMarked = raw.labels[label.fleet] === fleetName || isComposed({ raw });
    // The calls of a process that is gone may still arrive, and nobody remembers what it had adopted.
    if (isMarked && (identity !== null || this.#ledger.isMourning)) return;
    throw new Violation('what is not ours is left alone', `${verb} "${name}" on ${host.name}`);
  }

  /** Under another name it is only known by its id, while the journal remembers that. */
  #isRecognised({ identity, id, name }: TrueContainer): boolean {
    const isNamed = identity !== null && name === instanceName(identity);
    return isNamed || this.#operator.journal().instances.has(toContainerId(id));
  }

  #mayStart(container: TrueContainer): void {
    const { identity, host, name } = container;
    if (identity === null || container.isLive) return;
    const { application, service, hash } = identity;
    const failed = this.#quarantined(application, service, hash);
    // What was promoted before it failed, and has nothing to go back to, is kept up.
    const isNews = failed !== null && this.#ledger.wasBegunBefore(container, failed.at);
    if (failed !== null && !isNews && !this.#promotedAt.has(container.id)) {
      const what = `"${name}" on ${host.name} (${failed.reason})`;
      throw new Violation('a failed hash is not started again', what);
    }
    const allowance = this.#ledger.allowanceOf(application, service);
    if (allowance === null) return;
    // What cannot be seen is not counted.
    const seen = this.#operator.visibleHosts();
    const live = this.#live(application, service).filter(
      ({ host: other }) => other.isReachable && seen.has(other.name),
    );
    const names = live.map((one) => one.name).join(', ');
    if (live.length + 1 > allowance.live) {
      const what = `"${name}" would be one of ${live.length + 1}, beside ${names}; ${allowance.live} may be`;
      throw new Violation('no more instances run than the surge allows', what);
    }
    const isAlone = allowance.isSoleWriter && live.some((one) => one.host === host);
    const isSecond = allowance.isSingleton && (live.length > 0 || this.#mayBeTwo(container));
    if (isAlone || isSecond) {
      throw new Violation('one instance at a time', `"${name}" would run beside ${names}`);
    }
  }

  /** Out of sight another one still runs, on a host of which nobody has said that it is down. */
  #mayBeTwo({ identity }: TrueContainer): boolean {
    if (identity === null || this.#operator.hasForgotten()) return false;
    const { hosts } = this.#operator.journal();
    return this.#live(identity.application, identity.service).some(
      ({ host }) => (hosts.get(toHostName(host.name))?.fenced ?? null) === null,
    );
  }

  /** @param isServing which of the others count */
  #mayLose(
    container: TrueContainer,
    leastMissing: number,
    isServing: (other: TrueContainer) => boolean = () => true,
  ): void {
    const { identity, slot, id, name } = container;
    if (identity === null || !this.#ledger.isWanted(container)) return;
    const { application, service, hash } = identity;
    const allowance = this.#ledger.allowanceOf(application, service);
    if (allowance === null || !isAvailable(container, allowance.gate)) return;
    // Until it is promoted nobody counts on it.
    if (!this.#promotedAt.has(id) || this.#unpaused.has(id)) return;
    // What has failed serves nobody, however it looks at this moment.
    if (this.#quarantined(application, service, hash) !== null || this.#hasFailed(container))
      return;
    const others = this.#live(application, service).filter(
      (one) => one.id !== id && isAvailable(one, allowance.gate) && isServing(one),
    );
    const held = new Set(others.map((one) => one.slot));
    if (held.has(slot) || this.#ledger.isHit(slot) || this.#makesRoom(slot)) return;
    const hit = this.#ledger.hitSlots(application, service);
    const excused = [...hit, ...this.#evictedSlots(application, service)].filter(
      (one) => !held.has(one),
    );
    // Hosts that cannot be seen hold nothing up that is everywhere.
    const away = allowance.isGlobal ? this.#awayHosts(application, service, held) : 0;
    const missing = Math.max(leastMissing, allowance.missing);
    const floor = allowance.slots - away - missing - excused.length;
    if (held.size >= floor) return;
    const what = `without "${name}" ${held.size} slots of ${application}/${service} are served; ${floor} must be`;
    throw new Violation('availability is kept', what);
  }

  /** The budget of what makes room for something more important is a wish. */
  #makesRoom(slot: string): boolean {
    return this.#operator.journal().slots.get(slot)?.evicted !== undefined;
  }

  #evictedSlots(application: string, service: string): readonly string[] {
    const prefix = `${application}/${service}/`;
    const { slots } = this.#operator.journal();
    return [...slots.keys()].filter((slot) => slot.startsWith(prefix) && this.#makesRoom(slot));
  }

  #awayHosts(application: string, service: string, held: ReadonlySet<string>): number {
    const seen = this.#operator.visibleHosts();
    return [...this.#watched.keys()].filter(
      (host) => !seen.has(host.name) && !held.has(`${application}/${service}/${host.name}`),
    ).length;
  }

  #live(application: string, service: string): readonly TrueContainer[] {
    return this.everywhere().filter(
      (one) =>
        one.isLive &&
        one.identity?.application === application &&
        one.identity.service === service &&
        this.#isRecognised(one),
    );
  }

  /** It was held against its version, which may have another try. */
  #hasFailed({ identity, id }: TrueContainer): boolean {
    const record = this.#operator.journal().applications.get(identity?.application ?? '');
    return record?.rollout?.failures.some(({ container }) => container === id) === true;
  }

  #quarantined(application: string, service: string, hash: string): Quarantine | null {
    const record = this.#operator.journal().applications.get(application);
    const good = record?.lastKnownGood;
    const isProven = good?.untried.includes(service) === false;
    const known = good?.spec.services.flatMap(versionsOf) ?? [];
    if (isProven && known.some((one) => one.name === service && one.hash === hash)) return null;
    const failed = (record?.quarantined ?? []).filter(
      (one) => one.service === service && one.hash === hash,
    );
    return failed.find((one) => !this.#isAnotherTry(application, one)) ?? null;
  }

  /** With a raised counter or other limits it may well come up. */
  #isAnotherTry(application: string, { service, hash, retry, live }: Quarantine): boolean {
    const asked = this.#operator.askedFor(application);
    const versions = asked?.services.filter(({ name }) => name === service).flatMap(versionsOf);
    const container = (versions?.find((one) => one.hash === hash) ?? versions?.[0])?.container;
    const isLimited = container !== undefined && live !== undefined;
    return (asked?.retry ?? 0) !== retry || (isLimited && live !== liveDigest(container));
  }
}

function epochOf({ identity }: TrueContainer): number {
  return identity?.epoch ?? 0;
}

function missingSlots(
  application: string,
  { name, replicas }: ServiceSpec,
  held: ReadonlySet<string>,
): readonly string[] {
  return Array.from(
    { length: replicas },
    (_, index) => `${application}/${name}/${index + 1}`,
  ).filter((slot) => !held.has(slot));
}

function isPromotion(body: unknown): boolean {
  const { RestartPolicy: policy } = (body ?? {}) as {
    readonly RestartPolicy?: { readonly Name?: string };
  };
  return policy?.Name !== undefined && policy.Name !== 'no';
}

function watch(host: SimulatedHost, adopted: Adopted): Watched {
  const census = new Census(host, adopted);
  return { census, revision: -1, volumes: new Set(), strangers: strangersOf(census) };
}

function keepsVolumes(host: SimulatedHost, watched: Watched): void {
  const now = dataOf(host);
  for (const name of watched.volumes) {
    if (!now.has(name)) throw new Violation('volumes are never removed', `${name} on ${host.name}`);
  }
  watched.volumes = now;
}

/** Names of the volumes with data in them: what was delivered can be delivered again. */
function dataOf(host: SimulatedHost): ReadonlySet<string> {
  const { volumes } = host.engine.truth();
  const data = volumes.filter(({ labels }) => labels?.[label.files] === undefined);
  return new Set(data.map(({ name }) => name));
}

function leavesStrangers(host: SimulatedHost, watched: Watched): void {
  const now = strangersOf(watched.census);
  for (const [id, before] of watched.strangers) {
    if (now.get(id) === before) continue;
    const what = `${before} on ${host.name} became ${now.get(id) ?? 'nothing'}`;
    throw new Violation('what is not ours is left alone', what);
  }
}

function strangersOf(census: Census): ReadonlyMap<string, string> {
  const strangers = census
    .read()
    .filter((one) => one.identity === null && !one.name.startsWith(guestPrefix) && !isComposed(one))
    .filter(({ raw }) => raw.labels[label.filler] !== fleetName);
  return new Map(strangers.map(({ id, name, raw }) => [id, `"${name}" (policy ${raw.restart})`]));
}
