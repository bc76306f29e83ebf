import type { TagMoved } from '../../src/model/application.ts';
import type { GateKind } from './catalog.ts';
import { registryHost } from './catalog.ts';
import { configsOf, exposeOf, ingressOf, proxyConfigs } from './expose.ts';
import type { Files } from './simulated-repository.ts';

/** A service as a scenario thinks of it. */
export interface ServiceModel {
  readonly name: string;
  /** `task` is a service that ends, `job` one that runs once per version of its application. */
  readonly kind: 'replicated' | 'global' | 'port' | 'stateful' | 'singleton' | 'task' | 'job';
  readonly gate: GateKind;
  readonly image: string;
  /** It runs as it should. */
  readonly isGood: boolean;
  readonly replicas: number;
  readonly parallelism: number;
  readonly monitorS: number;
  readonly failureAction: 'rollback' | 'pause';
  /** Value of an environment variable, or content of files. */
  readonly level: number;
  /** Requests come in for it through the proxies, unless its other keys are against it; absent: they do not. */
  readonly isExposed?: true;
  /** How its instances take in other files while they run; absent: they do not. */
  readonly onChange?: 'restart' | 'signal';
  /** Limit in MiB, which changes in place. */
  readonly memory: number;
  /** CPUs that each instance reserves, and who has them where they are short; absent: none, and nobody before others. */
  readonly cpus?: number;
  readonly priority?: number;
  /** `node.labels.zone == x`, or any host. */
  readonly zone: string | null;
  readonly hostPort: number;
  /** Comes after that service of its application. */
  readonly after: string | null;
  readonly strategy: 'rolling' | 'canary' | 'blue-green';
  /** As the manifest writes it, or nothing. */
  readonly maxSurge: string | null;
  readonly maxUnavailable: string | null;
}

export interface ApplicationModel {
  readonly name: string;
  readonly services: readonly ServiceModel[];
  /** Another application that comes first, by its name. */
  readonly dependsOn: string | null;
  readonly wave: number;
  readonly group: string | null;
  readonly isSuspended: boolean;
  readonly retry: number;
  /** It adopts the containers of this Compose project, which are on the engine's own network and were told nothing. */
  readonly adopts?: string;
}

/** What a commit holds. */
export interface RepositoryModel {
  readonly applications: readonly ApplicationModel[];
  /** What is wrong with it as a whole: then it is refused. */
  readonly fault: 'none' | 'syntax' | 'unknown-key' | 'duplicate-name';
  /** Changes the files and nothing that they mean. */
  readonly comment: number;
  /** Commits whose deletions somebody has approved. */
  readonly approved: readonly string[];
}

export interface HostModel {
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly apiVersion: '1.41' | '1.45';
  readonly skewMs: number;
}

/** `image.gc` of fleet.yaml. */
export interface GcModel {
  readonly unusedFor: string;
  readonly keep: number;
  readonly atMost: number;
}

/** Value of the label `fleetwright.fleet` of everything that is ours. */
export const fleetName = 'simulation';

/** What fleet.yaml says beside its applications. */
interface FleetGrounds {
  readonly hosts: readonly HostModel[];
  readonly tagMoved: TagMoved;
  /** How long a host may be away, in seconds; null: as long as by default. */
  readonly lostAfterS: number | null;
  readonly marks: ReadonlyMap<string, HostMark>;
  readonly gc?: GcModel;
}

/** A host that takes nothing new. */
export type HostMark = { readonly cordon: true } | { readonly drain: true };

/** The files of a commit. JSON is YAML too. */
export function renderFiles(model: RepositoryModel, grounds: FleetGrounds): Files {
  const { hosts, tagMoved, lostAfterS, marks, gc } = grounds;
  const files: Record<string, string> = {
    'fleet.yaml': text({
      name: fleetName,
      hosts: hosts.map(({ name, address, zone }) => ({
        name,
        endpoint: `unix:///run/${name}.sock`,
        address,
        labels: { zone },
        ...marks.get(name),
      })),
      ...ingressOf(model.applications),
      ...(lostAfterS === null ? {} : { failure: { lostAfter: `${lostAfterS}s` } }),
      image: { tagMoved, interval: '20s', ...(gc === undefined ? {} : { gc }) },
      ...(model.approved.length === 0 ? {} : { prune: { approved: model.approved } }),
    }),
  };
  for (const application of model.applications) {
    files[`apps/${application.name}/compose.yaml`] =
      `# comment ${model.comment}\n${text(renderApplication(application, model.applications))}`;
    for (const { name, level } of application.services.filter(hasFiles)) {
      files[`apps/${application.name}/${name}/conf/level`] = String(level);
    }
  }
  if (model.fault === 'syntax') files['apps/broken/compose.yaml'] = 'services: {web: [\n';
  if (model.fault === 'unknown-key') {
    files['apps/broken/compose.yaml'] = text({ services: { web: { image: 'a:1', replicass: 1 } } });
  }
  const [first] = model.applications;
  if (model.fault === 'duplicate-name' && first !== undefined) {
    files['apps/broken/compose.yaml'] = text(renderApplication(first, []));
  }
  return files;
}

function renderApplication(
  application: ApplicationModel,
  all: readonly ApplicationModel[],
): object {
  const { name, services, wave, group, isSuspended, retry, adopts } = application;
  // Whoever depends on a later wave would wait for itself.
  const dependsOn = all.filter(
    (other) => other.name === application.dependsOn && other.wave <= wave,
  );
  const jobs = services.filter(({ kind }) => kind === 'job');
  const volumes = services.filter(({ kind }) => kind === 'stateful');
  const secrets = services.filter(hasFiles);
  return {
    name,
    ...(secrets.length === 0
      ? {}
      : { secrets: Object.fromEntries(secrets.map((each) => [each.name, secretOf(each)])) }),
    services: Object.fromEntries(
      services.map((service) => [
        service.name,
        adopts === undefined ? renderService(service, application) : renderComposed(service),
      ]),
    ),
    'x-fleetwright': {
      wave,
      retry,
      suspend: isSuspended,
      rollout: { progressDeadline: '90s' },
      ...(group === null ? {} : { rolloutGroup: group }),
      ...(adopts === undefined ? {} : { adopt: { composeProject: adopts } }),
      ...(dependsOn.length === 0 ? {} : { dependsOn: dependsOn.map((other) => other.name) }),
      ...(jobs.length === 0
        ? {}
        : { jobs: Object.fromEntries(jobs.map((job) => [job.name, { when: 'before' }])) }),
    },
    ...networksOf(application),
    ...proxyConfigs(application),
    ...(volumes.length === 0
      ? {}
      : { volumes: Object.fromEntries(volumes.map((service) => [`${service.name}-data`, {}])) }),
  };
}

/** A network that changes with its services. Nothing is drawn for it, so that all else of a seed stays as it is. */
function networksOf({ services: [first], adopts }: ApplicationModel): object {
  if (first === undefined || adopts !== undefined || first.monitorS === 4) return {};
  const { image, replicas, parallelism, memory } = first;
  const mtu = String(1_400 + image.length + replicas + parallelism + memory / 64);
  return { networks: { default: { driver_opts: { 'com.docker.network.driver.mtu': mtu } } } };
}

function renderService(
  service: ServiceModel,
  { name, services }: Pick<ApplicationModel, 'name' | 'services'>,
): object {
  const { kind, image } = service;
  return {
    image: `${registryHost}/${image}`,
    ...(hasFiles(service) ? renderDelivered(service) : { environment: levelOf(service) }),
    stop_grace_period: '4s',
    ...(kind === 'task' ? { restart: 'no' } : {}),
    ...(kind === 'port' ? { ports: [`${service.hostPort}:8080`] } : {}),
    ...(kind === 'stateful' ? { volumes: [`${service.name}-data:/data`] } : {}),
    ...configsOf(service),
    ...dependsOn(service, services),
    ...(kind === 'job'
      ? {}
      : renderDeploy(service, { ...exposeOf(name, service), ...overridesOf(service) })),
  };
}

/** Some get their level in files instead of a variable. */
function hasFiles({ kind, onChange }: ServiceModel): boolean {
  return kind === 'global' || kind === 'singleton' || onChange !== undefined;
}

function renderDelivered({ name }: ServiceModel): object {
  return { volumes: [`./${name}/conf:/etc/${name}:ro`], secrets: [name] };
}

function secretOf({ name }: ServiceModel): object {
  return { file: `./${name}/conf/level` };
}

function renderComposed(service: ServiceModel): object {
  const image = `${registryHost}/${service.image}`;
  return { image, network_mode: 'bridge', ...renderDeploy(service) };
}

function renderDeploy(service: ServiceModel, own: object = {}): object {
  const { kind, replicas, parallelism, monitorS, failureAction, zone, memory, onChange } = service;
  const { cpus, priority } = service;
  return {
    deploy: {
      ...(kind === 'global' ? { mode: 'global' } : { replicas }),
      resources: {
        limits: { memory: `${memory}M` },
        ...(cpus === undefined ? {} : { reservations: { cpus: String(cpus) } }),
      },
      update_config: { parallelism, monitor: `${monitorS}s`, failure_action: failureAction },
      ...(zone === null ? {} : { placement: { constraints: [`node.labels.zone == ${zone}`] } }),
    },
    'x-fleetwright': {
      gate: renderGate(service.gate),
      rollout: renderRollout(service),
      ...replaceAfterOf(service),
      ...autoscaleOf(service),
      ...(kind === 'singleton' ? { singleton: true } : {}),
      ...(priority === undefined ? {} : { priority }),
      ...(onChange === undefined ? {} : { onChange }),
      ...own,
    },
  };
}

/** Every other change of the level is one of its override only. */
function levelOf(service: ServiceModel): object {
  const { level } = service;
  return { LEVEL: String(hasOverride(service) ? Math.floor(level / 2) : level) };
}

/** Nothing is drawn for it, so that all else of a seed stays as it is. */
function hasOverride({ kind, monitorS, strategy }: ServiceModel): boolean {
  return (kind === 'replicated' || kind === 'global') && monitorS === 5 && strategy === 'rolling';
}

function overridesOf(service: ServiceModel): object {
  if (!hasOverride(service)) return {};
  return {
    overrides: [{ hosts: { zone: 'a' }, environment: { EDGE: String(service.level) } }],
  };
}

/** Nothing is drawn for it, so that all else of a seed stays as it is. */
function replaceAfterOf({ kind, monitorS }: ServiceModel): object {
  if (kind === 'stateful' && monitorS === 8) return { replaceAfter: '30s' };
  if (kind !== 'replicated') return {};
  if (monitorS === 8) return { replaceAfter: 'never' };
  return monitorS === 7 ? { replaceAfter: '40s' } : {};
}

/** Nothing is drawn for it, so that all else of a seed stays as it is. */
function autoscaleOf({ kind, monitorS, strategy, replicas }: ServiceModel): object {
  if (kind !== 'replicated' || monitorS !== 6 || strategy !== 'rolling') return {};
  const min = Math.max(1, replicas);
  return {
    autoscale: { min, max: min + 2, cpu: '50%', interval: '5s', stabilization: '10s' },
  };
}

function renderRollout({ strategy, maxSurge, maxUnavailable }: ServiceModel): object {
  return {
    strategy,
    ...(strategy === 'canary' ? { steps: [{ replicas: 1, bake: '3s' }] } : {}),
    ...(strategy === 'blue-green' ? { bake: '3s' } : {}),
    ...(maxSurge === null ? {} : { maxSurge }),
    ...(maxUnavailable === null ? {} : { maxUnavailable }),
  };
}

function dependsOn({ after }: ServiceModel, all: readonly ServiceModel[]): object {
  const other = all.find(({ name }) => name === after);
  if (other === undefined) return {};
  return { depends_on: { [other.name]: { condition: conditionOf(other) } } };
}

function conditionOf({ kind, gate }: ServiceModel): string {
  if (kind === 'task') return 'service_completed_successfully';
  return gate === 'plain' ? 'service_started' : 'service_healthy';
}

function renderGate(kind: GateKind): object {
  const common = { minHealthyTime: '1s', healthyDeadline: '25s' };
  switch (kind) {
    case 'http':
      return {
        ...common,
        http: { port: 8080, path: '/ready', interval: '500ms', timeout: '800ms' },
      };
    case 'tcp':
      return { ...common, tcp: { port: 8080, interval: '500ms', timeout: '800ms' } };
    case 'checked':
    case 'plain':
      return common;
  }
}

function text(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
