/**
 * How long it takes to place 50,000 slots on 1,000 hosts from nothing, to place them again when nothing has changed, and when
 * one host is gone; with the hosts that were given, which are the work, and the memory that it takes.
 */
import { parseArgs } from 'node:util';

import type { HostName } from '../src/model/names.ts';
import type { Placement, PlacementInput } from '../src/placement/place.ts';
import { place } from '../src/placement/place.ts';
import { aHost, aReachableHost, aService } from '../test/support/builders.ts';
import { middle } from './measure.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '1000' },
    applications: { type: 'string', default: '250' },
    services: { type: 'string', default: '4' },
    replicas: { type: 'string', default: '50' },
    runs: { type: 'string', default: '5' },
  },
});
const numbers = {
  hosts: Number(values.hosts),
  applications: Number(values.applications),
  services: Number(values.services),
  replicas: Number(values.replicas),
  runs: Number(values.runs),
};

interface Figure {
  readonly name: string;
  /** Slots that were given another host than they had. */
  readonly given: number;
  /** Processor time: other load on the machine is not in it. */
  readonly ms: number;
}

const empty = fleet();
const before = place(empty);
const settled = { ...empty, current: before.assignments };
const smaller = { ...settled, hosts: settled.hosts.slice(1) };
const first = measure('from nothing', empty);
const figures = [first, measure('nothing changed', settled), measure('one host is gone', smaller)];

const slots = numbers.applications * numbers.services * numbers.replicas;
const lines = figures.map(({ name, given, ms }) =>
  [
    name.padEnd(16),
    `${ms.toFixed(1)} ms`.padStart(10),
    (ms / first.ms).toFixed(4).padStart(8),
    String(given).padStart(7),
    (given / first.given).toFixed(4).padStart(8),
  ].join('  '),
);
const head = ['', 'CPU time', 'of first', 'given', 'of first'];
const widths = [16, 10, 8, 7, 8];
const header = head.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  ');
const peak = (process.resourceUsage().maxRSS / 1024).toFixed(0);
const title = `${slots} slots on ${numbers.hosts} hosts, median of ${numbers.runs}; peak RSS ${peak} MiB`;
process.stdout.write(`${[title, '', header, ...lines].join('\n')}\n`);

function measure(name: string, input: PlacementInput): Figure {
  const runs = Array.from({ length: numbers.runs }, () => {
    const began = process.cpuUsage();
    const placement = place(input);
    const { user, system } = process.cpuUsage(began);
    return { ms: (user + system) / 1000, placement };
  });
  const [last] = runs;
  return {
    name,
    given: last === undefined ? 0 : countGiven(input, last.placement),
    ms: middle(runs.map(({ ms }) => ms)),
  };
}

function countGiven({ current }: PlacementInput, { assignments }: Placement): number {
  return [...assignments].filter(([key, host]) => current.get(key) !== host).length;
}

/** Hosts in five zones, services that reserve; of four, one is spread over zones and one has data on its hosts. */
function fleet(): PlacementInput {
  const where = { source: 'data', target: '/data', readOnly: false, noCopy: false };
  const data = { type: 'volume', ...where } as const;
  const hosts = Array.from({ length: numbers.hosts }, (_, index) =>
    aHost(`host-${index}`, {
      labels: { zone: String(index % 5) },
      capacity: { nanoCpus: 64e9, memoryBytes: 256 * 2 ** 30 },
    }),
  );
  const services = Array.from({ length: numbers.applications }, (_, application) =>
    Array.from({ length: numbers.services }, (__, index) => ({
      application: `app-${application}`,
      service: aService({
        name: `service-${index}`,
        replicas: numbers.replicas,
        reservedNanoCpus: 5e8,
        ...(index === 0 ? { spread: ['node.labels.zone'] } : {}),
        ...(index === 1 ? { container: { mounts: [data] } } : {}),
      }),
    })),
  ).flat();
  return {
    services,
    hosts,
    observations: new Map(hosts.map(({ name }) => [name, aReachableHost(name)])),
    current: new Map<string, HostName>(),
    avoided: new Map(),
    abandoned: new Set(),
  };
}
