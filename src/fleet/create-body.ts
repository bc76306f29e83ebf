import { isIP } from 'node:net';

import type { ServiceSpec } from '../model/application.ts';
import type { ContainerSpec, HealthcheckSpec, PortSpec, Resources } from '../model/container.ts';
import { gatePort } from '../model/hash.ts';
import type { InstanceIdentity } from '../model/labels.ts';
import { identityLabels } from '../model/labels.ts';
import type { CommitSha } from '../model/names.ts';
import { apiAtLeast } from './api-version.ts';
import { mountBody } from './mount-body.ts';

/** Where and for whom a container is created. */
export interface CreateContext {
  readonly apiVersion: string;
  readonly commit: CommitSha;
  /** `address` of the host: see gatePort(). */
  readonly address: string;
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
    ...configBody(spec, ports, context.apiVersion),
    Labels: { ...spec.labels, ...identityLabels(identity, context.commit) },
    HostConfig: {
      ...hostBody(spec, ports),
      ...mountBody(spec.mounts, context.apiVersion),
      ...resourcesBody(spec.resources),
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      NetworkMode: networkMode(spec),
    },
    NetworkingConfig: { EndpointsConfig: endpointsBody(spec, context.apiVersion) },
  };
}

/** Resources as create and update want them; what is not set is left out. */
export function resourcesBody(resources: Resources): Record<string, number> {
  return compact({
    Memory: resources.memoryBytes,
    MemoryReservation: resources.memoryReservationBytes,
    NanoCpus: resources.nanoCpus,
    PidsLimit: resources.pids,
  });
}

/** Networks beyond those that the create itself can attach: before API 1.44 it takes one. */
export function laterNetworks(
  spec: ContainerSpec,
  apiVersion: string,
): readonly ContainerSpec['networks'][number][] {
  return apiAtLeast(apiVersion, '1.44') ? [] : spec.networks.slice(1);
}

/** Networks that every engine has. They take no aliases. */
export function isBuiltInNetwork(network: string): boolean {
  return network === 'host' || network === 'none' || network === 'bridge';
}

function configBody(spec: ContainerSpec, ports: readonly PortSpec[], apiVersion: string): object {
  return compact({
    Image: spec.image,
    Cmd: spec.command,
    Entrypoint: spec.entrypoint,
    Env: environmentBody(spec.environment),
    User: spec.user,
    WorkingDir: spec.workingDir,
    Hostname: spec.hostname,
    Healthcheck: spec.healthcheck === null ? null : healthcheckBody(spec.healthcheck, apiVersion),
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
    SecurityOpt: spec.securityOpt.length === 0 ? null : spec.securityOpt,
  });
}

/** Sorted, so that the same spec always makes the same container; a bare name masks the image's variable. */
function environmentBody(environment: ContainerSpec['environment']): readonly string[] {
  return Object.entries(environment)
    .map(([name, value]) => (value === null ? name : `${name}=${value}`))
    .toSorted();
}

/** What is left out is inherited from the image, field by field. */
function healthcheckBody(check: HealthcheckSpec, apiVersion: string): object {
  const startInterval = apiAtLeast(apiVersion, '1.44') ? check.startIntervalMs : null;
  return compact({
    Test: check.test,
    Interval: nanoseconds(check.intervalMs),
    Timeout: nanoseconds(check.timeoutMs),
    StartPeriod: nanoseconds(check.startPeriodMs),
    StartInterval: nanoseconds(startInterval),
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

function networkMode(spec: ContainerSpec): string {
  return spec.networks[0]?.network ?? 'none';
}

function endpointsBody(spec: ContainerSpec, apiVersion: string): object {
  const now = apiAtLeast(apiVersion, '1.44') ? spec.networks : spec.networks.slice(0, 1);
  const own = now.filter((attachment) => !isBuiltInNetwork(attachment.network));
  return Object.fromEntries(own.map(({ network, aliases }) => [network, { Aliases: aliases }]));
}

function nanoseconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds * 1e6);
}

function compact<T>(fields: Readonly<Record<string, T | null>>): Record<string, T> {
  const set = Object.entries(fields).filter((entry): entry is [string, T] => entry[1] !== null);
  return Object.fromEntries(set);
}
