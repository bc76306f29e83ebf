import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';

import type { ScalarNode } from './node.ts';
import { pathTable, type PathTable } from './path-table.ts';

/** What a text at a path is read as. */
export type Cast = 'boolean' | 'integer' | 'number';

export type CastTable = PathTable<Cast>;

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['y', true],
  ['on', true],
  ['false', false],
  ['no', false],
  ['n', false],
  ['off', false],
]);

const rolloutIntegers = [
  'analysis.failureLimit',
  'attempts',
  'maxSurge',
  'maxUnavailable',
  'steps.*.percent',
  'steps.*.replicas',
].map((key) => `x-fleetwright.rollout.${key}`);

const service = {
  boolean: [
    'attach',
    'init',
    'oom_kill_disable',
    'privileged',
    'read_only',
    'stdin_open',
    'tty',
    'use_api_socket',
    'post_start.*.privileged',
    'pre_start.*.per_replica',
    'pre_start.*.privileged',
    'pre_stop.*.privileged',
    'depends_on.*.required',
    'depends_on.*.restart',
    'env_file.*.required',
    'healthcheck.disable',
    'volumes.*.read_only',
    'volumes.*.bind.create_host_path',
    'volumes.*.volume.nocopy',
    'x-fleetwright.singleton',
    'x-fleetwright.expose.internal',
  ],
  integer: [
    'cpu_count',
    'cpu_period',
    'cpu_quota',
    'cpu_rt_period',
    'cpu_rt_runtime',
    'cpu_shares',
    'mem_swappiness',
    'oom_score_adj',
    'pids_limit',
    'scale',
    'deploy.replicas',
    'deploy.update_config.parallelism',
    'deploy.rollback_config.parallelism',
    'deploy.restart_policy.max_attempts',
    'deploy.placement.max_replicas_per_node',
    'deploy.resources.limits.pids',
    'healthcheck.retries',
    'ports.*.target',
    'ulimits.*',
    'ulimits.*.hard',
    'ulimits.*.soft',
    'x-fleetwright.gate.http.port',
    'x-fleetwright.gate.tcp.port',
    'x-fleetwright.autoscale.max',
    'x-fleetwright.autoscale.min',
    'x-fleetwright.expose.port',
    'x-fleetwright.expose.proof.expectStatus',
    ...rolloutIntegers,
  ],
  number: [
    'cpu_percent',
    'cpus',
    'deploy.update_config.max_failure_ratio',
    'deploy.rollback_config.max_failure_ratio',
    'x-fleetwright.autoscale.prometheus.target',
    'x-fleetwright.autoscale.requestsPerSecond',
  ],
} as const;

const topLevelBooleans = [
  'networks.*.external',
  'networks.*.internal',
  'networks.*.attachable',
  'networks.*.enable_ipv4',
  'networks.*.enable_ipv6',
  'volumes.*.external',
  'secrets.*.external',
  'configs.*.external',
  'x-fleetwright.suspend',
  'x-fleetwright.drift.selfHeal',
  'x-fleetwright.dependsOn.*.required',
];

const topLevelIntegers = ['x-fleetwright.retry', 'x-fleetwright.wave', ...rolloutIntegers];

/**
 * Where Compose reads a text as another type, for an interpolated value has no type of its own. Modes of files are
 * missing on purpose: a text there is octal.
 */
export const composeCasts: CastTable = pathTable<Cast>([
  ...(['boolean', 'integer', 'number'] as const).flatMap((cast) =>
    service[cast].flatMap((path) =>
      [`services.*.${path}`, `services.*.x-fleetwright.overrides.*.${path}`].map(
        (each) => [each, cast] as const,
      ),
    ),
  ),
  ...topLevelBooleans.map((path) => [path, 'boolean'] as const),
  ...topLevelIntegers.map((path) => [path, 'integer'] as const),
]);

/**
 * Reads a text as the type that its path asks for. What cannot be read so stays a text: the shape of the manifest is
 * checked later, and says it better.
 */
export function castScalar(
  node: ScalarNode,
  cast: Cast,
  path: string,
): { readonly node: ScalarNode; readonly diagnostic: Diagnostic | null } {
  if (typeof node.value !== 'string') return { node, diagnostic: null };
  const value = cast === 'boolean' ? toBoolean(node.value) : toNumber(node.value, cast);
  if (value === undefined) return { node, diagnostic: null };
  const oldBoolean = typeof value === 'boolean' && node.value !== String(value);
  return {
    node: { ...node, value },
    diagnostic: oldBoolean ? oldBooleanAt(node, path, value) : null,
  };
}

function toBoolean(text: string): boolean | undefined {
  return booleans.get(text.toLowerCase());
}

function toNumber(text: string, cast: 'integer' | 'number'): number | undefined {
  const grammar =
    cast === 'integer' ? /^[-+]?\d+$/ : /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
  const value = grammar.test(text) ? Number(text) : Number.NaN;
  const exact = cast === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
  return exact ? value + 0 : undefined;
}

function oldBooleanAt(node: ScalarNode, path: string, value: boolean): Diagnostic {
  const message = `"${String(node.value)}" is a text in YAML 1.2 and is read as ${value} here only`;
  return diagnosticAt(node.origin, path, 'old-boolean', message, {
    severity: 'warning',
    hint: `Write ${value}`,
  });
}
