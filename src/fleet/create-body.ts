import { isIP } from 'node:net';

import type { ServiceSpec } from '../model/application.ts';
import type { ContainerSpec, HealthcheckSpec, PortSpec, Resources } from '../model/container.ts';
import { stampLabels } from '../model/file-stamps.ts';
import { gatePort } from '../model/hash.ts';
import type { InstanceIdentity } from '../model/labels.ts';
import { identityLabels } from '../model/labels.ts';
import { primaryNetwork } from '../model/primary-network.ts';
import type { CommitSha } from '../model/names.ts';
import { present } from '../model/present.ts';
import { apiAtLeast } from '../model/api-at-least.ts';
import { isBuiltInNetwork } from '../model/built-in-network.ts';
import { endpointBody } from './endpoint-body.ts';
import { mountBody } from './mount-body.ts';
import { securityBody, settingsConfig, settingsHostConfig } from './settings-body.ts';

/** Where and for whom a container is created. */
export interface CreateContext {
  readonly apiVersion: string;
  readonly commit: CommitSha;
  /** `address` of the host: see gatePort(). */
  readonly address: string;
  /** The mounts that bring its files: see mounted-files.ts. */
  readonly fileMounts?: readonly object[];
}

/** The body of `POST /containers/create`. */
export interface CreateBody {
  readonly [field: string]: unknown;
  readonly Labels: Readonly<Record<string, string>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
}

/**
 * What to create for an instance. The restart policy is `no` whatever the spec says: an instance starts on probation,
 * and its promotion is a step of its own.
 */
export function createBody(
  service: ServiceSpec,
  identity: InstanceIdentity,
  context: CreateContext,
): CreateBody {
  const spec = service.container;
  const gate = gatePort(spec, service.gate);
  const gateAddress = isIP(context.address) === 0 ? '' : context.address;
  const ports = gate === null ? spec.ports : [...spec.ports, { ...gate, hostIp: gateAddress }];
  return {
    ...configBody(spec, ports),
    ...settingsConfig(spec),
    ...oldMacAddress(spec, context.apiVersion),
    Labels: {
      ...spec.labels,
      ...identityLabels(identity, context.commit),
      ...stampLabels(spec),
    },
    HostConfig: {
      ...hostBody(spec, ports),
      ...settingsHostConfig(spec),
      ...securityBody(spec.securityOpt),
      ...mountBody(spec.mounts, context.apiVersion, context.fileMounts),
      ...resourcesBody(spec.resources),
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      NetworkMode: networkMode(spec),
      ...present({ Links: bridgeLinks(spec) }),
      ...sharedModes(spec),
    },
    NetworkingConfig: { EndpointsConfig: endpointsBody(spec, context.apiVersion) },
  };
}

/** Resources as create and update want them; what is not set is left out. */
export function resourcesBody(resources: Resources): Record<string, number | string> {
  return present({
    Memory: resources.memoryBytes,
    MemorySwap: resources.memorySwapBytes,
    MemoryReservation: resources.memoryReservationBytes,
    ...cpuBody(resources),
    CpuShares: resources.cpuShares,
    CpusetCpus: resources.cpuset,
    BlkioWeight: resources.blockWeight,
    PidsLimit: resources.pids,
  });
}

/** The engine takes CPUs with the usual period, or a quota with one of its own, and refuses both together. */
function cpuBody({ nanoCpus, cpuPeriod }: Resources): Record<string, number | null> {
  if (cpuPeriod === undefined || nanoCpus === null) return { NanoCpus: nanoCpus };
  return { CpuPeriod: cpuPeriod, CpuQuota: Math.round((nanoCpus * cpuPeriod) / 1e9) };
}

/** Networks beyond those that the create itself can attach: before API 1.44 it takes one. */
export function laterNetworks(
  spec: ContainerSpec,
  apiVersion: string,
): readonly ContainerSpec['networks'][number][] {
  const primary = primaryNetwork(spec.networks);
  return apiAtLeast(apiVersion, '1.44') ? [] : spec.networks.filter((each) => each !== primary);
}

function configBody(spec: ContainerSpec, ports: readonly PortSpec[]): object {
  return compact({
    Image: spec.image,
    Cmd: spec.command,
    Entrypoint: spec.entrypoint,
    Env: environmentBody(spec.environment),
    User: spec.user,
    WorkingDir: spec.workingDir,
    Hostname: spec.hostname,
    Healthcheck: spec.healthcheck === null ? null : healthcheckBody(spec.healthcheck),
    // Engine 20.10 silently publishes nothing that is not also exposed.
    ExposedPorts: Object.fromEntries(
      [...spec.expose, ...ports.map(keyOf)].toSorted().map((key) => [key, {}]),
    ),
    StopSignal: spec.stopSignal,
    StopTimeout: spec.stopGraceMs === null ? null : Math.ceil(spec.stopGraceMs / 1000),
  });
}

function hostBody(spec: ContainerSpec, ports: readonly PortSpec[]): object {
  return compact({
    PortBindings: portBindings(ports),
    Init: spec.init,
    ReadonlyRootfs: spec.readOnly,
    CapAdd: spec.capAdd.length === 0 ? null : spec.capAdd,
    CapDrop: spec.capDrop.length === 0 ? null : spec.capDrop,
  });
}

/** Sorted, so that the same spec always makes the same container; a bare name masks the image's variable. */
function environmentBody(environment: ContainerSpec['environment']): readonly string[] {
  return Object.entries(environment)
    .map(([name, value]) => (value === null ? name : `${name}=${value}`))
    .toSorted();
}

/** What is left out is inherited from the image, field by field. */
function healthcheckBody(check: HealthcheckSpec): object {
  return compact({
    Test: check.test,
    Interval: nanoseconds(check.intervalMs),
    Timeout: nanoseconds(check.timeoutMs),
    StartPeriod: nanoseconds(check.startPeriodMs),
    StartInterval: nanoseconds(check.startIntervalMs),
    Retries: check.retries,
  });
}

function portBindings(ports: readonly PortSpec[]): object {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const list = (bindings[keyOf(port)] ??= []);
    list.push({ HostIp: port.hostIp, HostPort: port.published });
  }
  return bindings;
}

function keyOf(port: PortSpec): string {
  return `${port.target}/${port.protocol}`;
}

/** The namespaces and mounts of other containers. */
function sharedModes({ shares }: ContainerSpec): object {
  const { network, ipc, pid, volumes } = shares ?? {};
  return present({
    NetworkMode: network === undefined ? null : `container:${network}`,
    IpcMode: ipc === undefined ? null : `container:${ipc}`,
    PidMode: pid === undefined ? null : `container:${pid}`,
    VolumesFrom: volumes?.map(({ from, readOnly }) => `${from}:${readOnly ? 'ro' : 'rw'}`),
  });
}

function networkMode(spec: ContainerSpec): string {
  return primaryNetwork(spec.networks)?.network ?? 'none';
}

/** On the engine's own bridge a link is a setting of the container, on all other networks one of its endpoint. */
function bridgeLinks({ networks }: ContainerSpec): readonly string[] | undefined {
  return networks.find(({ network }) => isBuiltInNetwork(network))?.links;
}

function endpointsBody(spec: ContainerSpec, apiVersion: string): object {
  const later = laterNetworks(spec, apiVersion);
  const now = spec.networks.filter((attachment) => !later.includes(attachment));
  const own = now.filter(({ network }) => !isBuiltInNetwork(network));
  return Object.fromEntries(own.map((each) => [each.network, endpointBody(each)]));
}

/** Before API 1.44 the address was the container's, and that of its first network only. */
function oldMacAddress(spec: ContainerSpec, apiVersion: string): object {
  if (apiAtLeast(apiVersion, '1.44')) return {};
  return present({ MacAddress: primaryNetwork(spec.networks)?.macAddress });
}

function nanoseconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds * 1e6);
}

function compact<T>(fields: Readonly<Record<string, T | null>>): Record<string, T> {
  const set = Object.entries(fields).filter((entry): entry is [string, T] => entry[1] !== null);
  return Object.fromEntries(set);
}
