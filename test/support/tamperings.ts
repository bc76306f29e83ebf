import type Docker from 'dockerode';

/** What somebody with a shell on the host can do to a running container, and which path must be reported for it. */
export interface Tampering {
  readonly what: string;
  readonly lines: readonly string[];
  readonly act: (container: Docker.Container, engine: Docker) => Promise<unknown>;
  readonly path: string;
  /** Which of the lines the report must point to, counted from 0; null: the service. */
  readonly line: number | null;
}

const mebibyte = 2 ** 20;

function update(fields: object): Tampering['act'] {
  return (container) => container.update(fields);
}

export const tamperings: readonly Tampering[] = [
  {
    what: 'docker update --memory',
    lines: ['mem_limit: 64m'],
    act: update({ Memory: 128 * mebibyte, MemorySwap: 256 * mebibyte }),
    path: 'deploy.resources.limits.memory',
    line: 0,
  },
  {
    what: 'docker update --memory-swap',
    lines: ['mem_limit: 64m', 'memswap_limit: 96m'],
    act: update({ MemorySwap: 128 * mebibyte }),
    path: 'memswap_limit',
    line: 1,
  },
  {
    what: 'docker update --memory-reservation',
    lines: ['init: true', 'mem_reservation: 32m'],
    act: update({ MemoryReservation: 16 * mebibyte }),
    path: 'deploy.resources.reservations.memory',
    line: 1,
  },
  {
    what: 'docker update --cpus',
    lines: ['init: true', 'cpus: 0.5'],
    act: update({ NanoCpus: 250_000_000 }),
    path: 'deploy.resources.limits.cpus',
    line: 1,
  },
  {
    what: 'docker update --cpu-shares',
    lines: ['init: true', 'cpu_shares: 512'],
    act: update({ CpuShares: 256 }),
    path: 'cpu_shares',
    line: 1,
  },
  {
    what: 'docker update --cpuset-cpus',
    lines: ['init: true', 'cpuset: "0"'],
    act: update({ CpusetCpus: '0-1' }),
    path: 'cpuset',
    line: 1,
  },
  {
    what: 'docker update --cpu-period',
    lines: ['cpu_quota: 25000', 'cpu_period: 50000'],
    act: update({ CpuPeriod: 100_000, CpuQuota: 50_000 }),
    path: 'cpu_period',
    line: 1,
  },
  {
    what: 'docker update --pids-limit',
    lines: ['init: true', 'pids_limit: 64'],
    act: update({ PidsLimit: 96 }),
    path: 'deploy.resources.limits.pids',
    line: 1,
  },
  {
    what: 'docker update --restart',
    lines: ['init: true', 'restart: always'],
    act: update({ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } }),
    path: 'restart',
    line: 1,
  },
  {
    what: 'docker rename',
    lines: [],
    act: (container) => container.rename({ name: 'renamed-by-hand' }),
    path: 'container_name',
    line: null,
  },
  {
    what: 'docker network disconnect',
    lines: ['networks: { default: { aliases: [www] } }'],
    act: (container, engine) =>
      engine.getNetwork('shop_default').disconnect({ Container: container.id }),
    path: 'networks.default',
    line: 0,
  },
  {
    what: 'docker stop',
    lines: [],
    act: (container) => container.stop({ t: 0 }),
    path: 'state',
    line: null,
  },
  {
    what: 'docker pause',
    lines: [],
    act: (container) => container.pause(),
    path: 'state',
    line: null,
  },
];
