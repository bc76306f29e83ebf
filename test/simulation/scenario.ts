import type { TagMoved } from '../../src/model/application.ts';
import { movingImages } from './catalog.ts';
import type { Grounds } from './commits.ts';
import { edgeOf, firstModel, nextModel } from './commits.ts';
import type { Happening, PersonAct, Scheduled } from './happening.ts';
import type { GcModel, HostModel, RepositoryModel } from './manifest-files.ts';
import { Random } from './random.ts';

/** One run, laid out in advance: nothing in it hangs on what the operator does. */
export interface Scenario {
  readonly seed: number;
  readonly hosts: readonly HostModel[];
  readonly first: RepositoryModel;
  /** What follows when a tag moves. */
  readonly tagMoved: TagMoved;
  /** How long a host may be away before it is lost, in seconds; null: as long as by default. */
  readonly lostAfterS: number | null;
  /** `image.gc` of fleet.yaml; default: none. */
  readonly gc?: GcModel;
  /** In the order of time. */
  readonly script: readonly Scheduled[];
  /** How long things happen, in milliseconds; after that all is well and quiet. */
  readonly busyMs: number;
  /** One way, in milliseconds. */
  readonly latencyMs: readonly [number, number];
  readonly resyncMs: number;
  readonly pingMs: number;
  /** Containers of Compose on the first host, which the application `shop` adopts as its service `web`; default: none. */
  readonly composed?: number;
}

const personActs: readonly PersonAct[] = [
  'stop',
  'kill',
  'remove',
  'pause',
  'start',
  'rename',
  'disconnect',
  'restart-policy',
];

/** The same seed gives the same scenario. */
export function makeScenario(seed: number): Scenario {
  const random = new Random(seed);
  const hosts = makeHosts(random.split('hosts'));
  const shape = random.split('shape');
  const busyMs = shape.pick([20, 30, 30, 60, 60, 60, 120, 120, 240, 600]) * 1_000;
  const isLong = busyMs >= 600_000;
  const tags = random.split('tags');
  const tagMoved = tags.pick(['roll', 'report', 'ignore', 'ignore', 'ignore'] as const);
  const edge = random.split('edge');
  const hasEdge = edge.chance(0.3);
  const grounds = groundsOf(hosts, hasEdge);
  const model = firstModel(random.split('first'), grounds);
  const applications = [...model.applications, ...(hasEdge ? [edgeOf(edge)] : [])];
  const first = { ...model, applications };
  const failure = random.split('failure');
  const lostAfterS = failure.pick([15, 20, 45, null]);
  const script = [
    ...makeMarks(failure, hosts, busyMs),
    ...makeOutages(failure, hosts, busyMs),
    ...makeCommits(random.split('commits'), grounds, first, busyMs),
    ...makeMoves(tags, busyMs),
    ...makeTroubles(random.split('troubles'), hosts, busyMs, shape.pick([0, 1, 2, 4, 8])),
    ...(hasEdge ? makeProxyTroubles(edge, busyMs) : []),
  ];
  return {
    seed,
    hosts,
    first,
    tagMoved,
    lostAfterS,
    ...makeGc(random.split('gc')),
    script: script.toSorted((a, b) => a.atMs - b.atMs),
    busyMs,
    latencyMs: shape.pick([
      [0, 0],
      [0, 1],
      [0, 3],
      [1, 20],
    ] as const),
    resyncMs: isLong ? 300_000 : 60_000,
    pingMs: isLong ? 60_000 : 15_000,
  };
}

function makeHosts(random: Random): readonly HostModel[] {
  const count = random.pick([1, 1, 2, 2, 2, 3, 3, 4, 5]);
  const isSkewed = random.chance(0.3);
  return Array.from({ length: count }, (_, index): HostModel => ({
    name: `host-${index + 1}`,
    address: `10.0.0.${index + 1}`,
    zone: index % 2 === 0 ? 'a' : 'b',
    apiVersion: random.pick(['1.41', '1.45']),
    skewMs: isSkewed ? random.integer(-3_600_000, 3_600_000) : random.integer(-200, 200),
  }));
}

function groundsOf(hosts: readonly HostModel[], hasEdge: boolean): Grounds {
  return { zones: [...new Set(hosts.map(({ zone }) => zone))], hosts: hosts.length, hasEdge };
}

function makeCommits(
  random: Random,
  grounds: Grounds,
  first: RepositoryModel,
  busyMs: number,
): readonly Scheduled[] {
  const history = [first];
  const count = random.integer(0, 4);
  const times = Array.from({ length: count }, () => random.integer(3_000, busyMs));
  // Some come right after one another, in the middle of what the one before has begun.
  const close = times.flatMap((atMs) =>
    random.chance(0.3) ? [atMs + random.integer(5, 4_000)] : [],
  );
  const commits = [...times, ...close]
    .toSorted((a, b) => a - b)
    .map((atMs): Scheduled => {
      const { subject, model } = nextModel(history, random, grounds);
      history.push(model);
      return { atMs, what: { kind: 'commit', subject, model } };
    });
  const last = history.at(-1) ?? first;
  if (last.fault === 'none') return commits;
  const mended: RepositoryModel = { ...last, fault: 'none' };
  const atMs = Math.max(busyMs, ...commits.map((commit) => commit.atMs)) + 1;
  return [...commits, { atMs, what: { kind: 'commit', subject: 'mend', model: mended } }];
}

/** In half of the scenarios images are removed as soon as nothing needs them, or a little later. */
function makeGc(random: Random): Pick<Scenario, 'gc'> {
  if (random.chance(0.5)) return {};
  const unusedFor = random.pick(['0s', '1s', '5s', '30s']);
  return { gc: { unusedFor, keep: random.pick([0, 0, 1, 3]), atMost: random.pick([1, 20, 20]) } };
}

/** Tags move in some scenarios, once or more often. */
function makeMoves(random: Random, busyMs: number): readonly Scheduled[] {
  const count = random.pick([0, 0, 1, 2, 4]);
  return Array.from({ length: count }, (_, index) => ({
    atMs: random.integer(500, busyMs),
    what: { kind: 'tag-moves', image: random.pick(movingImages), times: index + 1 },
  }));
}

/** Hosts are cordoned, drained and used again. */
function makeMarks(
  random: Random,
  hosts: readonly HostModel[],
  busyMs: number,
): readonly Scheduled[] {
  const count = random.pick([0, 0, 0, 1, 2, 3]);
  return Array.from({ length: count }, () => ({
    atMs: random.integer(3_000, busyMs),
    what: {
      kind: 'host-marked',
      host: random.pick(hosts).name,
      mark: random.pick([{ drain: true }, { drain: true }, { cordon: true }, null] as const),
    },
  }));
}

/** A host is away for long: it has no power, which somebody may say, or no network. */
function makeOutages(
  random: Random,
  hosts: readonly HostModel[],
  busyMs: number,
): readonly Scheduled[] {
  if (random.chance(0.6)) return [];
  const host = random.pick(hosts).name;
  const atMs = random.integer(3_000, busyMs);
  const ms = random.integer(30_000, 300_000);
  if (random.chance(0.5)) {
    // All but one at once look like the end of the fleet, and are not.
    const most = hosts.slice(1).map(({ name }) => name);
    const isMost = most.length > 1 && random.chance(0.5);
    return [{ atMs, what: { kind: 'partition', hosts: isMost ? most : [host], ms } }];
  }
  const fencedAtMs = atMs + random.integer(1_000, ms - 10_000);
  const freeAtMs = atMs + ms + random.integer(5_000, 60_000);
  const down: Scheduled = { atMs, what: { kind: 'power-cycle', host, downMs: ms } };
  const isFenced = random.chance(0.6);
  const isFreed = random.chance(0.5);
  return [
    down,
    ...(isFenced
      ? [{ atMs: fencedAtMs, what: { kind: 'host-fenced', host, isFenced: true } } as const]
      : []),
    ...(isFenced && isFreed
      ? [{ atMs: freeAtMs, what: { kind: 'host-fenced', host, isFenced: false } } as const]
      : []),
  ];
}

function makeProxyTroubles(random: Random, busyMs: number): readonly Scheduled[] {
  const count = random.pick([0, 0, 1, 2, 4]);
  return Array.from({ length: count }, () => ({
    atMs: random.integer(500, busyMs),
    what: {
      kind: 'proxy-trouble',
      trouble: random.pick(['silent', 'late', 'crash'] as const),
      which: random.integer(0, 1_000),
      ms: random.integer(500, 40_000),
    },
  }));
}

function makeTroubles(
  random: Random,
  hosts: readonly HostModel[],
  busyMs: number,
  count: number,
): readonly Scheduled[] {
  return Array.from({ length: count }, () => ({
    atMs: random.integer(500, busyMs),
    what: makeTrouble(random, hosts),
  }));
}

function makeTrouble(random: Random, hosts: readonly HostModel[]): Happening {
  const host = random.pick(hosts).name;
  const some = hosts.filter(() => random.chance(0.4)).map(({ name }) => name);
  const shortly = random.integer(100, 20_000);
  const long = random.integer(1_000, 180_000);
  const losesJournal = random.chance(0.1);
  const which = random.integer(0, 1_000);
  switch (random.integer(0, 15)) {
    case 0:
    case 1:
    case 2:
      return {
        kind: 'operator-killed-after',
        effects: random.integer(1, 40),
        downMs: shortly,
        losesJournal,
      };
    case 3:
      return { kind: 'operator-killed', downMs: shortly, losesJournal };
    case 4:
      return { kind: 'operator-stopped', downMs: shortly };
    case 5:
      return { kind: 'operator-frozen', ms: long };
    case 6:
      return { kind: 'git-away', ms: long };
    case 7:
    case 8:
      return { kind: 'storm', host, ms: long, force: random.pick([0.02, 0.1, 0.3]) };
    case 9:
      return { kind: 'partition', hosts: some.length === 0 ? [host] : some, ms: long };
    case 10:
      return { kind: 'daemon-killed', host, downMs: shortly };
    case 11:
      return { kind: 'power-cycle', host, downMs: shortly };
    case 12:
      return random.chance(0.5)
        ? { kind: 'disk-full', host, ms: long }
        : { kind: 'registry-away', hosts: [host, ...some], ms: long };
    case 13:
      return { kind: 'crash', which, isMemory: random.chance(0.3) };
    case 14:
      return { kind: 'port-taken', host, port: 8_000 + random.integer(0, 5), ms: long };
    default:
      return { kind: 'person', act: random.pick(personActs), which };
  }
}
