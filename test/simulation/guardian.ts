import type { JournalState, Quarantine } from '../../src/model/journal-state.ts';
import { label } from '../../src/model/labels.ts';
import type { TrueContainer } from './census.ts';
import { Census, isAvailable } from './census.ts';
import type { ApiRequest } from './engine/api.ts';
import type { Ledger } from './ledger.ts';
import { fleetName } from './manifest-files.ts';
import type { SimulatedHost } from './simulated-host.ts';
import { Violation } from './violation.ts';
import { guestPrefix } from './world.ts';

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
  readonly #journal: () => JournalState;
  readonly #watched: ReadonlyMap<SimulatedHost, Watched>;
  /** How often something was compared. */
  checks = 0;

  /** @param journal as the running operator has it */
  constructor(hosts: Iterable<SimulatedHost>, ledger: Ledger, journal: () => JournalState) {
    this.#ledger = ledger;
    this.#journal = journal;
    this.#watched = new Map([...hosts].map((host) => [host, watch(host)]));
  }

  /** All containers everywhere. */
  everywhere(): readonly TrueContainer[] {
    return [...this.#watched.values()].flatMap(({ census }) => census.read());
  }

  /** @throws Violation */
  beforeRequest(host: SimulatedHost, { method, path }: ApiRequest): void {
    if (method === 'GET') return;
    this.checks += 1;
    if (this.#ledger.stepsOn(host).length === 0) {
      throw new Violation('nothing is done without a step', `${method} ${path} on ${host.name}`);
    }
    const [, kind, name = '', verb = 'remove'] = path.split('/');
    if (kind === 'volumes' && method === 'DELETE') {
      throw new Violation('volumes are never removed', `${path} on ${host.name}`);
    }
    if (kind !== 'containers' || name === 'create') return;
    const container = this.#watched.get(host)?.census.find(name) ?? null;
    if (container === null) return;
    this.#mustBeOurs(container, verb);
    if (verb === 'start') this.#mayStart(container);
    if (verb === 'stop' || verb === 'kill') this.#mayStop(container);
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
    }
  }

  #mustBeOurs({ raw, identity, name, host }: TrueContainer, verb: string): void {
    if (raw.labels[label.fleet] === fleetName && identity !== null) return;
    throw new Violation('what is not ours is left alone', `${verb} "${name}" on ${host.name}`);
  }

  #mayStart(container: TrueContainer): void {
    const { identity, host, name } = container;
    if (identity === null || container.isLive) return;
    const { application, service, hash } = identity;
    const failed = this.#quarantined(application, service, hash);
    if (failed !== null) {
      const what = `"${name}" on ${host.name} (${failed.reason})`;
      throw new Violation('a failed hash is not started again', what);
    }
    const allowance = this.#ledger.allowanceOf(application, service);
    if (allowance === null) return;
    const live = this.#live(application, service).filter((one) => one.host.isReachable);
    const names = live.map((one) => one.name).join(', ');
    if (live.length + 1 > allowance.live) {
      const what = `"${name}" would be one of ${live.length + 1}, beside ${names}; ${allowance.live} may be`;
      throw new Violation('no more instances run than the surge allows', what);
    }
    const isAlone = allowance.isSoleWriter && live.some((one) => one.host === host);
    const isSecond = allowance.isSingleton && live.length > 0;
    if (isAlone || isSecond) {
      throw new Violation('one instance at a time', `"${name}" would run beside ${names}`);
    }
  }

  #mayStop(container: TrueContainer): void {
    const { identity, slot, id, name } = container;
    if (identity === null || !this.#ledger.isWanted(container)) return;
    const { application, service } = identity;
    const allowance = this.#ledger.allowanceOf(application, service);
    if (allowance === null || !isAvailable(container, allowance.probe)) return;
    const others = this.#live(application, service).filter(
      (one) => one.id !== id && isAvailable(one, allowance.probe),
    );
    const held = new Set(others.map((one) => one.slot));
    if (held.has(slot) || this.#ledger.isHit(slot)) return;
    const excused = this.#ledger.hitSlots(application, service).filter((one) => !held.has(one));
    const floor = allowance.slots - allowance.missing - excused.length;
    if (held.size >= floor) return;
    const what = `without "${name}" ${held.size} slots of ${application}/${service} are served; ${floor} must be`;
    throw new Violation('availability is kept', what);
  }

  #live(application: string, service: string): readonly TrueContainer[] {
    return this.everywhere().filter(
      ({ identity, isLive }) =>
        isLive && identity?.application === application && identity.service === service,
    );
  }

  #quarantined(application: string, service: string, hash: string): Quarantine | null {
    const record = this.#journal().applications.get(application);
    const good = record?.lastKnownGood?.spec.services ?? [];
    if (good.some((one) => one.name === service && one.hash === hash)) return null;
    const failed = record?.quarantined ?? [];
    return failed.find((one) => one.service === service && one.hash === hash) ?? null;
  }
}

function watch(host: SimulatedHost): Watched {
  const census = new Census(host);
  return { census, revision: -1, volumes: new Set(), strangers: strangersOf(census) };
}

function keepsVolumes(host: SimulatedHost, watched: Watched): void {
  const { volumes } = host.engine.truth();
  const now = new Set(volumes.map(({ name }) => name));
  for (const name of watched.volumes) {
    if (!now.has(name)) throw new Violation('volumes are never removed', `${name} on ${host.name}`);
  }
  watched.volumes = now;
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
    .filter(({ identity, name }) => identity === null && !name.startsWith(guestPrefix));
  return new Map(strangers.map(({ id, name, raw }) => [id, `"${name}" (policy ${raw.restart})`]));
}
