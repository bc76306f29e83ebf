import type { GateKind } from './catalog.ts';
import {
  applicationNames,
  badImages,
  badJobImages,
  badProxies,
  goodImages,
  goodJobs,
  goodProxies,
} from './catalog.ts';
import { edgeName, isEdge, proxyName } from './expose.ts';
import type { ApplicationModel, RepositoryModel, ServiceModel } from './manifest-files.ts';
import type { Random } from './random.ts';

const gates: readonly GateKind[] = ['http', 'http', 'tcp', 'checked', 'plain'];

export interface Grounds {
  readonly zones: readonly string[];
  readonly hosts: number;
  /** There are proxies, and what can be exposed is. */
  readonly hasEdge: boolean;
}

/** The repository as it is at first: one to four applications that work. */
export function firstModel(random: Random, grounds: Grounds): RepositoryModel {
  const count = random.pick([1, 1, 1, 2, 2, 3]);
  const applications = applicationNames
    .slice(0, count)
    .map((name, index) => newApplication(name, index, random, grounds));
  return { applications, fault: 'none', comment: 0, approved: [] };
}

/** The application of the proxies, on all hosts or on those of a zone. */
export function edgeOf(random: Random): ApplicationModel {
  const proxies: ServiceModel = {
    name: proxyName,
    kind: 'global',
    gate: 'http',
    image: random.pick(goodProxies),
    isGood: true,
    replicas: 1,
    parallelism: random.integer(0, 2),
    monitorS: random.integer(4, 8),
    failureAction: 'rollback',
    level: 0,
    memory: 256,
    zone: random.pick([null, 'a']),
    hostPort: 0,
    after: null,
    strategy: 'rolling',
    maxSurge: null,
    maxUnavailable: null,
  };
  return {
    name: edgeName,
    // Its configuration is a file that is mounted by itself: a signal would be of no use.
    services: [{ ...proxies, ...(proxies.monitorS === 7 ? { onChange: 'restart' } : {}) }],
    dependsOn: null,
    wave: 0,
    group: null,
    isSuspended: false,
    retry: 0,
  };
}

/** What people do to a repository, one commit at a time. */
export function nextModel(
  history: readonly RepositoryModel[],
  random: Random,
  grounds: Grounds,
): { readonly subject: string; readonly model: RepositoryModel } {
  const whole = history.filter(({ fault }) => fault === 'none');
  const last = whole.at(-1);
  if (last === undefined) throw new Error('there is no commit to go on from');
  const roll = random.next();
  if (roll < 0.1) {
    const fault = random.pick(['syntax', 'unknown-key', 'duplicate-name'] as const);
    return { subject: `break it: ${fault}`, model: { ...last, fault } };
  }
  if (roll < 0.15) return { subject: 'comments', model: { ...last, comment: last.comment + 1 } };
  if (roll < 0.27) return { subject: 'revert', model: whole.at(-2) ?? last };
  if (roll < 0.34) return addOrRemove(last, random, grounds);
  const at = random.integer(0, last.applications.length - 1);
  const application = last.applications[at];
  if (application === undefined) return addOrRemove(last, random, grounds);
  if (roll < 0.38) {
    const isSuspended = !application.isSuspended;
    const applications = last.applications.with(at, { ...application, isSuspended });
    const subject = `${isSuspended ? 'suspend' : 'resume'} ${application.name}`;
    return { subject, model: { ...last, applications } };
  }
  if (roll < 0.42) {
    const retry = application.retry + 1;
    const applications = last.applications.with(at, { ...application, retry });
    return { subject: `retry ${application.name}`, model: { ...last, applications } };
  }
  const service = random.pick(application.services);
  const { subject, next } = changeService(service, random, grounds);
  const services = application.services.map((one) => (one === service ? next : one));
  const applications = last.applications.with(at, { ...application, services });
  const name = `${application.name}/${service.name}`;
  return { subject: `${name}: ${subject}`, model: { ...last, applications } };
}

function addOrRemove(
  last: RepositoryModel,
  random: Random,
  grounds: Grounds,
): { readonly subject: string; readonly model: RepositoryModel } {
  const { applications } = last;
  const removable = applications.filter((one) => !isEdge(one));
  if (removable.length > 1 && random.chance(0.5)) {
    const gone = random.pick(removable);
    const rest = applications.filter((one) => one !== gone);
    return { subject: `remove ${gone.name}`, model: { ...last, applications: rest } };
  }
  const taken = new Set(applications.map(({ name }) => name));
  const name = applicationNames.find((one) => !taken.has(one));
  if (name === undefined) return { subject: 'nothing', model: last };
  const index = applicationNames.indexOf(name);
  const added = newApplication(name, index, random, grounds);
  return { subject: `add ${name}`, model: { ...last, applications: [...applications, added] } };
}

function changeService(
  service: ServiceModel,
  random: Random,
  { zones }: Grounds,
): { readonly subject: string; readonly next: ServiceModel } {
  const roll = random.next();
  if (roll < 0.3) {
    const image = random.pick(imagesOf(service, true));
    return { subject: image, next: { ...service, image, isGood: true } };
  }
  if (roll < 0.55) {
    const image = random.pick(imagesOf(service, false));
    return { subject: `${image} (bad)`, next: { ...service, image, isGood: false } };
  }
  if (roll < 0.7 && service.kind === 'replicated') {
    const replicas = random.integer(0, 5);
    return { subject: `${replicas} replicas`, next: { ...service, replicas } };
  }
  if (roll < 0.78 && !['global', 'job', 'port'].includes(service.kind)) {
    const zone = service.zone === null || random.chance(0.7) ? random.pick(zones) : null;
    return { subject: `zone ${zone ?? 'any'}`, next: { ...service, zone } };
  }
  if (roll < 0.82) {
    const parallelism = random.integer(0, 3);
    return { subject: `parallelism ${parallelism}`, next: { ...service, parallelism } };
  }
  if (roll < 0.92 && service.onChange === undefined) {
    const memory = random.integer(1, 4) * 64;
    return { subject: `memory ${memory}M`, next: { ...service, memory } };
  }
  const level = service.level + 1;
  return { subject: `level ${level}`, next: { ...service, level } };
}

function imagesOf({ name, kind, gate }: ServiceModel, isGood: boolean): readonly string[] {
  if (name === proxyName) return isGood ? goodProxies : badProxies;
  if (kind === 'job' || kind === 'task') return isGood ? goodJobs : badJobImages;
  return (isGood ? goodImages : badImages)[gate];
}

function newApplication(
  name: string,
  index: number,
  random: Random,
  grounds: Grounds,
): ApplicationModel {
  const first = newService('web', 2 * index, random, grounds);
  const application: ApplicationModel = {
    name,
    services: [first],
    dependsOn: index > 0 && random.chance(0.15) ? (applicationNames[index - 1] ?? null) : null,
    wave: random.chance(0.1) ? 1 : 0,
    group: random.chance(0.1) ? 'pair' : null,
    isSuspended: false,
    retry: 0,
  };
  if (random.chance(0.7)) return application;
  const second = newService('side', 2 * index + 1, random, grounds);
  const isOrdered = second.kind !== 'global' && second.kind !== 'job' && random.chance(0.5);
  return { ...application, services: [{ ...first, after: isOrdered ? 'side' : null }, second] };
}

const kinds = [
  'replicated',
  'replicated',
  'replicated',
  'global',
  'port',
  'stateful',
  'singleton',
] as const;

function rolloutOf(
  kind: ServiceModel['kind'],
  random: Random,
): Pick<ServiceModel, 'strategy' | 'maxSurge' | 'maxUnavailable'> {
  const rolling = { strategy: 'rolling', maxSurge: null, maxUnavailable: null } as const;
  const roll = random.next();
  if (kind !== 'replicated' || roll < 0.6) return rolling;
  if (roll < 0.75) return { ...rolling, strategy: 'canary' };
  if (roll < 0.85) return { ...rolling, strategy: 'blue-green' };
  return {
    ...rolling,
    maxSurge: random.pick([null, '0', '1', '50%']),
    maxUnavailable: random.pick([null, '0', '1', '50%']),
  };
}

function newService(
  name: string,
  index: number,
  random: Random,
  { zones, hosts, hasEdge }: Grounds,
): ServiceModel {
  const kind = random.pick(name === 'web' ? kinds : ([...kinds, 'task', 'job'] as const));
  const gate = kind === 'job' || kind === 'task' ? 'plain' : random.pick(gates);
  const service: ServiceModel = {
    name,
    kind,
    gate,
    image: '',
    isGood: true,
    replicas: kind === 'replicated' ? random.integer(1, 4) : 1,
    parallelism: random.integer(0, 2),
    monitorS: random.integer(4, 8),
    failureAction: random.chance(0.9) ? 'rollback' : 'pause',
    level: 0,
    memory: 256,
    zone:
      kind === 'stateful' || (kind !== 'port' && random.chance(0.15)) ? random.pick(zones) : null,
    hostPort: 8_000 + index,
    after: null,
    ...rolloutOf(kind, random),
  };
  const replicas = kind === 'port' ? random.integer(1, hosts) : service.replicas;
  const isPinned = kind === 'port' && replicas > 1;
  const image = random.pick(imagesOf(service, true));
  return {
    ...service,
    image,
    replicas,
    zone: isPinned ? null : service.zone,
    ...onChangeOf(service),
    ...(hasEdge ? { isExposed: true } : {}),
  };
}

/** Of those that have files. Nothing is drawn for it, so that all else of a seed stays as it is. */
function onChangeOf({ kind, monitorS }: ServiceModel): Pick<ServiceModel, 'onChange'> {
  if (kind !== 'global' && kind !== 'singleton') return {};
  if (monitorS === 7) return { onChange: 'restart' };
  return monitorS > 5 ? { onChange: 'signal' } : {};
}
