import { adoptionInterest } from '../../src/drift/adoption-interest.ts';
import type { ServiceSpec } from '../../src/model/application.ts';
import { liveFiles } from '../../src/model/delivered.ts';
import { emptyApplicationRecord } from '../../src/model/journal-state.ts';
import { instanceName, label } from '../../src/model/labels.ts';
import type { CommitSha } from '../../src/model/names.ts';
import { toContainerId, toHostName } from '../../src/model/names.ts';
import { serviceOn } from '../../src/model/variants.ts';
import { openFleet } from '../../src/fleet/docker-fleet.ts';
import { readTraffic } from '../../src/reconcile/read-traffic.ts';
import type { Decision } from '../../src/rollout/decide.ts';
import { decide } from '../../src/rollout/decide.ts';
import type { World as DecisionWorld } from '../../src/rollout/world.ts';
import type { TrueContainer } from './census.ts';
import { isAvailable, isComposed } from './census.ts';
import type { Life } from './life.ts';
import type { ApplicationModel, RepositoryModel } from './manifest-files.ts';
import { fleetName } from './manifest-files.ts';
import { Process } from './process.ts';
import { quietLogger } from './quiet-logger.ts';
import { SimulatedConnection } from './simulated-connection.ts';
import { checkProxies, hasDeafProxy } from './check-proxies.ts';
import { Violation } from './violation.ts';
import { guestPrefix } from './world.ts';
import type { World } from './world.ts';

/** What the end of a run is judged by. */
export interface End {
  readonly world: World;
  readonly life: Life;
  readonly everywhere: readonly TrueContainer[];
  /** `application/hash` of versions that were harmed from outside before they had proved themselves. */
  readonly blamed: ReadonlySet<string>;
}

/** Why the operator may still have something to do; null when it has not. */
export function whyNotQuiet(world: World, life: Life): string | null {
  for (const host of world.hosts.values()) {
    const { engine } = host;
    const isWell = host.link.isCalm && engine.daemon === 'up' && !engine.diskFull;
    if (!isWell || !engine.registryReachable) return `${host.name} is in trouble`;
  }
  if (!world.repository.isReachable) return 'the repository is away';
  const { incarnation, lastDecision: decision } = life;
  if (incarnation === null || decision === null) return 'the operator has not decided anything';
  if (!decision.traffic.settled && !hasDeafProxy(world)) return 'the proxies are told';
  for (const observation of incarnation.fleet.snapshot().values()) {
    if (observation.kind === 'unreachable') return `${observation.host} is unreachable`;
  }
  const accepted = incarnation.journal.accepted()?.commit;
  if (accepted !== headOf(world).commit) return 'the newest commit is not followed';
  if (incarnation.operator.inFlight() > 0) return 'steps are under way';
  const step = decision.steps.find(({ application }) => !isHopeless(world, decision, application));
  if (step !== undefined) return `step ${step.key} is to be taken`;
  if (decision.entries.length > 0) return `entry ${decision.entries[0]?.kind ?? ''} is written`;
  const going = decision.applications.filter(
    ({ application }) => !isHopeless(world, decision, application),
  );
  const waiting = going
    .flatMap((application) => application.waiting)
    .find(({ until, kind }) => until !== null || kind === 'step' || kind === 'image');
  if (waiting !== undefined) return `${waiting.application}/${waiting.slot}: ${waiting.reason}`;
  const isWaiting = going.some(({ wakeAt }) => wakeAt !== null) || decision.prune.wakeAt !== null;
  return isWaiting ? 'it waits for a time to come' : null;
}

/** Somebody has to look at it, or at what holds it up: what is left of it may be tried again for ever. */
export function isHopeless(world: World, decision: Decision, name: string): boolean {
  const { model } = headOf(world);
  const own = model.applications.find((application) => application.name === name);
  const decided = decision.applications.find(({ application }) => application === name);
  const isHeldUp = own !== undefined && isHeld(own, model, decision);
  const isDeaf = isExposing(own) && hasDeafProxy(world);
  return isHeldUp || isDeaf || decided?.target.mode === 'halted' || hasNoRoom(decision, name);
}

/** What is exposed waits for each proxy. */
function isExposing(application: ApplicationModel | undefined): boolean {
  return application?.services.some(({ isExposed }) => isExposed === true) === true;
}

/** Somebody has closed the hosts that would have to take it. */
function hasNoRoom({ placed, applications }: Decision, name: string): boolean {
  const own = placed.placement.unplaced.filter(({ application }) => application === name);
  const decided = applications.find(({ application }) => application === name);
  const isAnyClosed = placed.standing.hosts.some(({ use }) => use !== 'open');
  const isNowhere = decided?.target.spec.services.some(
    ({ mode, name: service }) =>
      mode === 'global' &&
      decided.services.some((one) => one.service === service && one.desired === 0),
  );
  return (
    (isAnyClosed && isNowhere === true) || own.some(({ explanation }) => isClosure(explanation))
  );
}

function isClosure(message: string): boolean {
  return /draining|cordoned|fenced/.test(message);
}

/** The newest commit that can be followed. */
function headOf(world: World): { readonly commit: CommitSha; readonly model: RepositoryModel } {
  const [commit, model] = [...world.models].findLast(([, { fault }]) => fault === 'none') ?? [];
  if (commit === undefined || model === undefined) throw new Error('there is no commit');
  return { commit, model };
}

/**
 * What must hold when all trouble is over and the operator has had its time.
 *
 * @throws Violation
 */
export async function checkEnd(end: End): Promise<void> {
  const decision = end.life.lastDecision;
  if (decision === null) throw new Violation('it converges', 'nothing was decided');
  checkTargets(end, decision);
  checkContainers(end, decision);
  checkImages(end);
  checkProxies(end, decision);
  checkDrains(end, decision);
  await checkPlan(end);
}

/** A version that works is what runs, unless something outside has made it look as if it did not. */
function checkTargets({ world, life, blamed }: End, decision: Decision): void {
  const { model } = headOf(world);
  const byName = new Map(decision.applications.map((one) => [one.application, one]));
  for (const application of model.applications) {
    const decided = byName.get(application.name);
    if (decided === undefined)
      throw new Violation('it converges', `${application.name} is not there`);
    // Without instances it neither works nor fails.
    const isNothing = application.services.some(
      ({ isGood, replicas }) => !isGood && replicas === 0,
    );
    if (isNothing || isHeld(application, model, decision)) continue;
    const isGood = isGoodVersion(application);
    const { mode, failed } = decided.target;
    if (!isGood && mode === 'desired') {
      throw new Violation('a version that fails is not kept', application.name);
    }
    const isBlamed = failed.some(
      // It cannot be placed where somebody else's container has its port for longer than the deadline, nor away from its data.
      ({ hash, message }) =>
        blamed.has(`${application.name}/${hash}`) ||
        message.includes(guestPrefix) ||
        /volume "[^"]+" is on host/.test(message) ||
        isClosure(message),
    );
    if (isGood && mode !== 'desired' && !isBlamed) {
      const why = failed.map(({ service, reason, message }) => `${service} ${reason}: ${message}`);
      throw new Violation('a version that works is kept', `${application.name} ${why.join('; ')}`);
    }
    const isHopeful = !isHopeless(world, decision, application.name);
    if (isGood && mode === 'desired' && isHopeful) mustBeReady(decided);
    const record = life.journal().applications.get(application.name) ?? emptyApplicationRecord;
    if (mode === 'rollback' && record.lastKnownGood === null) {
      throw new Violation('a rollback goes to a version that worked', application.name);
    }
  }
}

/** What can be anywhere is not left on a host that is to be drained, as long as there is another one. */
function checkDrains({ world, everywhere }: End, decision: Decision): void {
  const { model } = headOf(world);
  const fenced = decision.placed.standing.hosts.filter(({ isFenced }) => isFenced);
  const closed = new Set([...world.marks.keys(), ...fenced.map(({ host }): string => host)]);
  if (closed.size === world.hosts.size) return;
  const free = model.applications.flatMap((application) =>
    isHopeless(world, decision, application.name)
      ? []
      : application.services
          .filter(({ kind, zone }) => ['replicated', 'singleton'].includes(kind) && zone === null)
          .map(({ name }) => `${application.name}/${name}`),
  );
  for (const { identity, host, isLive, name } of everywhere) {
    const mark = world.marks.get(host.name);
    const isDraining = mark !== undefined && 'drain' in mark;
    if (identity === null || !isLive || !isDraining) continue;
    if (!free.includes(`${identity.application}/${identity.service}`)) continue;
    throw new Violation('a drained host is left', `${name} runs on ${host.name}`);
  }
}

/** However often its tag has moved, a version has one image, unless a registry or a host could not be asked. */
function checkImages({ world, everywhere }: End): void {
  const { script } = world.scenario;
  const isClear = script.every(
    ({ what }) => !hidesImages.has(what.kind) && !('losesJournal' in what && what.losesJournal),
  );
  if (!isClear) return;
  const images = new Map<string, string>();
  for (const { identity, raw, isLive } of everywhere) {
    if (identity === null || !isLive) continue;
    const { application, service, hash } = identity;
    const version = `${application}/${service}/${hash}`;
    const other = images.get(version) ?? raw.imageId;
    images.set(version, other);
    if (other === raw.imageId) continue;
    throw new Violation('a version has one image', `${version}: ${other} and ${raw.imageId}`);
  }
}

const hidesImages: ReadonlySet<string> = new Set([
  'registry-away',
  'partition',
  'daemon-killed',
  'power-cycle',
  'disk-full',
  'storm',
]);

/** Whether its services run as they should. */
function isGoodVersion({ services }: ApplicationModel): boolean {
  return services.every(({ isGood }) => isGood);
}

/** Names of the applications that are suspended or have failed, and of those that share their fate. */
function heldApplications(model: RepositoryModel, decision: Decision): ReadonlySet<string> {
  const modes = new Map(decision.applications.map((one) => [one.application, one.target.mode]));
  const stuck = model.applications.filter(
    (one) =>
      one.isSuspended ||
      !isGoodVersion(one) ||
      modes.get(one.name) !== 'desired' ||
      hasNoRoom(decision, one.name),
  );
  const held = new Set(stuck.map(({ name }) => name));
  // Each one that is found may hold up others.
  for (let before = -1; before !== held.size;) {
    before = held.size;
    for (const application of model.applications) {
      const isHeldUp = model.applications.some(
        (other) => held.has(other.name) && sharesFate(application, other),
      );
      if (isHeldUp) held.add(application.name);
    }
  }
  return held;
}

function sharesFate(application: ApplicationModel, other: ApplicationModel): boolean {
  return (
    (application.group !== null && other.group === application.group) ||
    other.wave < application.wave ||
    other.name === application.dependsOn
  );
}

/** Whether another one holds it up. */
function isHeld(
  application: ApplicationModel,
  model: RepositoryModel,
  decision: Decision,
): boolean {
  if (application.isSuspended) return true;
  const held = heldApplications(model, decision);
  return model.applications.some(
    (other) => other !== application && held.has(other.name) && sharesFate(application, other),
  );
}

function mustBeReady({ application, conditions, waiting }: Decision['applications'][number]): void {
  if (conditions.some(({ type, status }) => type === 'Ready' && status)) return;
  const why = conditions.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  const wait = waiting.map(({ slot, reason }) => `${slot} ${reason}`);
  throw new Violation('it converges', `${application}: ${[...why, ...wait].join('; ')}`);
}

/** What runs is what the targets ask for: nothing less, and nothing that nobody wants. */
function checkContainers({ world, life, everywhere }: End, decision: Decision): void {
  const { model } = headOf(world);
  const { instances } = life.journal();
  // Under another name, and with an id that nobody remembers, it is taken for somebody's copy.
  const left = new Set(
    everywhere.filter(
      ({ raw, identity, name, id }) =>
        (raw.labels[label.fleet] === fleetName || (identity !== null && isComposed({ raw }))) &&
        (identity === null || name === instanceName(identity) || instances.has(toContainerId(id))),
    ),
  );
  for (const { application, target, services } of decision.applications) {
    // What failed and could not be undone stays as it is.
    const own = model.applications.find(({ name }) => name === application);
    const isHalted =
      target.mode === 'halted' ||
      isHopeless(world, decision, application) ||
      (own !== undefined && isHeld(own, model, decision));
    for (const service of target.spec.services) {
      const own = [...left].filter(
        ({ identity }) =>
          identity?.application === application && identity.service === service.name,
      );
      for (const container of own) left.delete(container);
      if (isHalted) continue;
      const wanted = services.find((one) => one.service === service.name)?.desired ?? 0;
      const isJob = service.container.restart.name === 'no';
      const fine = own.filter(
        (one) =>
          one.identity?.hash === serviceOn(service, toHostName(one.host.name)).hash &&
          (isJob
            ? one.raw.status === 'exited' && one.raw.exitCode === 0
            : isAvailable(one, service.gate) && one.raw.restart !== 'no'),
      );
      for (const one of fine) mustHaveRead(one, service);
      if (fine.length === wanted && own.length === wanted) continue;
      const states = own.map(({ name, raw }) => `${name} ${raw.status} ${raw.restart}`);
      const what = `${application}/${service.name} has ${fine.length} of ${wanted}: ${states.join(', ')}`;
      throw new Violation('what runs is what was asked for', what);
    }
    if (!isHalted) continue;
    for (const one of left) if (one.identity?.application === application) left.delete(one);
  }
  const isForgetful = world.counts.journalsLost > 0;
  const wanted = new Set(decision.applications.map(({ application }) => application));
  const isReady = decision.settled;
  for (const { identity, name, host } of left) {
    const isOrphan = identity !== null && !wanted.has(identity.application);
    if (isOrphan && (isForgetful || !isReady || decision.prune.held !== null)) continue;
    throw new Violation('nothing is left over', `${name} on ${host.name}`);
  }
}

/** What changes while an instance runs has not only been written: its program has read it. */
function mustHaveRead({ name, raw }: TrueContainer, { container }: ServiceSpec): void {
  for (const { target, file } of liveFiles(container)) {
    if (file.sealed === true) continue;
    const read = raw.loaded.get(target)?.toString('base64');
    if (read === file.content) continue;
    throw new Violation('an instance is told of its files', `"${name}" has another ${target}`);
  }
}

/** A plan made by somebody who comes along now is empty, and is the same whoever makes it. */
async function checkPlan({ world, life }: End): Promise<void> {
  const incarnation = life.incarnation;
  const desired = world.accepted;
  if (incarnation === null || desired === null) return;
  const process = new Process(world.clock);
  const fleet = openFleet({
    credentialsDir: null,
    logger: quietLogger({ onTrouble: () => {}, onRefused: () => {} }),
    clock: process.clock,
    random: () => 0.5,
    connect: (spec, _credentials, onCall) =>
      new SimulatedConnection(process, world.host(spec.name), onCall),
  });
  fleet.configure(desired.fleet, adoptionInterest(desired.applications, life.journal()));
  await world.clock.during(fleet.refresh(new AbortController().signal));
  const seen = { desired, observations: fleet.snapshot(), journal: life.journal() };
  const reading = readTraffic(fleet, seen, process.clock, new AbortController().signal);
  await world.clock.during(reading);
  const observed: DecisionWorld = {
    ...seen,
    traffic: await reading,
    proofs: null,
    analyses: null,
    readiness: new Map(),
    inFlight: new Map(),
    failures: new Map(),
    lookups: new Map(),
    requests: [],
    load: new Map(),
    sourceAwaySince: null,
    watchingSince: world.clock.now(),
    now: world.clock.now(),
  };
  const decision = decide(observed);
  const again = decide({
    ...observed,
    observations: new Map([...observed.observations].toReversed()),
  });
  process.kill();
  const step = decision.steps.find(({ application }) => !isHopeless(world, decision, application));
  if (step !== undefined) {
    const what = `${step.key} ${step.action.kind}: ${step.cause.reason}`;
    throw new Violation('a plan of the end is empty', what);
  }
  if (JSON.stringify(decision) !== JSON.stringify(again)) {
    throw new Violation('a decision depends on nothing but the world', 'two of them differ');
  }
}
