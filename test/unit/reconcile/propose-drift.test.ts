import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { DriftItem } from '../../../src/model/drift.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { DriftProposal } from '../../../src/model/proposal.ts';
import { proposeDrift } from '../../../src/reconcile/propose-drift.ts';
import { aDriftItem } from '../../support/builders.ts';
import { never, openTestSource } from '../../support/open-test-source.ts';
import { ShopRepository } from '../../support/shop-repository.ts';

let repository: ShopRepository;

beforeEach(async () => {
  repository = await ShopRepository.create();
});

afterEach(() => repository[Symbol.asyncDispose]());

const memory = { path: 'deploy.resources.limits.memory', desired: 2 ** 28, observed: 2 ** 29 };

function changed(facts: Partial<DriftItem>): DriftItem {
  return aDriftItem({ application: 'shop', service: 'web', class: 'mutable-field', ...facts });
}

async function propose(
  files: Readonly<Record<string, string>>,
  items: readonly DriftItem[],
): Promise<DriftProposal> {
  await repository.push(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`apps/shop/${name}`, text])),
  );
  await using source = await openTestSource({ repository: repository.bare });
  const reading = { path: '', key: Buffer.of(), cache: new Map() };
  return proposeDrift({ source, ...reading }, items, await source.head(never), never);
}

/** Lines that a proposal changes, as `file: line`. */
function linesOf(
  { edits, blobs }: DriftProposal,
  before: Readonly<Record<string, string>>,
): readonly string[] {
  return [...edits].flatMap(([path, oid]) => {
    const file = path.replace('apps/shop/', '');
    const old = (before[file] ?? '').split('\n');
    const fresh = Buffer.from(blobs.get(oid) ?? [])
      .toString('utf8')
      .split('\n');
    expect(fresh).toHaveLength(old.length);
    return fresh.filter((line, index) => line !== old[index]).map((line) => `${file}: ${line}`);
  });
}

const layout = `# The shop.
x-limits:
  small: &small   256M   # enough for most
services:
  web:
    image: "shop:1"
    environment:
      - 'LEVEL=info'
      - VERSION=1.20
    env_file: [ web.env ]
    deploy: { resources: { limits: { memory: 256M, cpus: "0.5" } } } # odd, but theirs
    restart:   always
  api:
    image: api:1
    mem_limit: *small
`;
const files = { 'compose.yaml': layout, 'web.env': '# from the shop\nMODE=slow   # until May\n' };

describe('proposeDrift()', () => {
  it.each([
    {
      what: 'a limit in a flow map',
      item: memory,
      line: 'compose.yaml:     deploy: { resources: { limits: { memory: 512M, cpus: "0.5" } } } # odd, but theirs',
    },
    {
      what: 'CPUs in quotes',
      item: { path: 'deploy.resources.limits.cpus', observed: 1_500_000_000 },
      line: 'compose.yaml:     deploy: { resources: { limits: { memory: 256M, cpus: "1.5" } } } # odd, but theirs',
    },
    {
      what: 'a policy',
      item: { path: 'restart', observed: 'unless-stopped' },
      line: 'compose.yaml:     restart:   unless-stopped',
    },
    {
      what: 'a variable in a list',
      item: { class: 'immutable-field', path: 'environment.LEVEL', observed: 'debug' },
      line: "compose.yaml:       - 'LEVEL=debug'",
    },
    {
      what: 'a text that looks like a number',
      item: { class: 'immutable-field', path: 'environment.VERSION', observed: '1.10' },
      line: 'compose.yaml:       - VERSION=1.10',
    },
    {
      what: 'a variable of an env file',
      item: { class: 'immutable-field', path: 'environment.MODE', observed: 'fast' },
      line: 'web.env: MODE=fast   # until May',
    },
    {
      what: 'a value behind an anchor that nobody else uses',
      item: { service: 'api', ...memory },
      line: 'compose.yaml:   small: &small   512M   # enough for most',
    },
  ] as const)('changes just the line of $what', async ({ item, line }) => {
    const proposal = await propose(files, [changed(item)]);

    expect(proposal.unproposed).toEqual([]);
    expect(linesOf(proposal, files)).toEqual([line]);
  });

  it('writes several values one after the other, two of them on one line', async () => {
    const cpus = { path: 'deploy.resources.limits.cpus', observed: 250_000_000 };
    const restart = { path: 'restart', observed: 'unless-stopped' };

    const proposal = await propose(files, [changed(memory), changed(cpus), changed(restart)]);

    expect(linesOf(proposal, files)).toEqual([
      'compose.yaml:     deploy: { resources: { limits: { memory: 512M, cpus: "0.25" } } } # odd, but theirs',
      'compose.yaml:     restart:   unless-stopped',
    ]);
    expect(proposal.changes.map(({ written }) => written)).toEqual([
      '512M',
      '0.25',
      'unless-stopped',
    ]);
  });

  it('proposes once what several instances agree on', async () => {
    const items = ['1', '2'].map((slot) => changed({ ...memory, slot }));

    expect((await propose(files, items)).changes).toHaveLength(1);
  });

  const shared = {
    'compose.yaml': `x-all: &all { mem_limit: 256M }
services:
  web: { <<: *all, image: "shop:1", restart: always, environment: { TAG: "\${TAG:-a}", COLOR: "red" } }
  api: { <<: *all, image: "api:1" }
`,
  };

  it.each([
    {
      what: 'another service shares the line',
      item: memory,
      reason:
        'more than this value follows from its line: shop.services.api.container.resources.memoryBytes',
    },
    {
      what: 'the value is put together',
      item: { class: 'immutable-field', path: 'environment.TAG', observed: 'b' },
      reason: 'what stands there is put together from variables',
    },
    {
      what: 'no line says it',
      item: { path: 'deploy.resources.limits.cpus', observed: 500_000_000 },
      reason: 'no line of its own says it',
    },
    {
      what: 'it was taken away',
      item: { ...memory, observed: null },
      reason: 'what is there is not one value',
    },
    {
      what: 'it is no value',
      item: { class: 'stopped', path: 'state', observed: 'exited' },
      reason: 'it is no value of the manifest',
    },
    {
      what: 'the service is gone',
      item: { ...memory, service: 'gone' },
      reason: 'the branch has no such service',
    },
    {
      what: 'it would speak to a terminal',
      item: { class: 'immutable-field', path: 'environment.COLOR', observed: '\u001b[2J' },
      reason: 'what is there holds control characters',
    },
    {
      what: 'it would not be valid',
      item: { path: 'restart', observed: 'sometimes' },
      reason: 'the manifests would not be valid then',
    },
  ] as const)('leaves it where $what', async ({ item, reason }) => {
    const proposal = await propose(shared, [changed(item)]);

    expect(proposal.edits.size).toBe(0);
    expect(proposal.unproposed.map((each) => each.reason).join()).toContain(reason);
  });

  it.each([
    [
      'a service that is called as what is left out of a comparison',
      `x-all: &all 256M
services:
  web: { image: "shop:1", mem_limit: *all }
  origin: { image: "origin:1", mem_limit: *all }
`,
      memory,
      'shop.services.origin.container.resources.memoryBytes',
    ],
    [
      'a variable that is called so',
      `x-all: &all info
services:
  web: { image: "shop:1", environment: { LEVEL: *all, hash: *all, container: lxc } }
`,
      { class: 'immutable-field', path: 'environment.LEVEL', observed: 'debug' },
      'shop.services.web.container.environment.hash',
    ],
    [
      'a service that is called as a key of the application',
      `x-all: &all 256M
services:
  web: { image: "shop:1", mem_limit: *all }
  networks: { image: "net:1", mem_limit: *all }
`,
      memory,
      'shop.services.networks.container.resources.memoryBytes',
    ],
  ] as const)('leaves it where the line also means %s', async (_, text, item, also) => {
    const { changes, unproposed } = await propose({ 'compose.yaml': text }, [changed(item)]);

    expect(changes).toEqual([]);
    expect(unproposed[0]?.reason).toContain(also);
  });

  it('leaves it where instances do not agree', async () => {
    const items = [
      changed({ ...memory, slot: '1' }),
      changed({ ...memory, slot: '2', observed: 2 ** 30 }),
    ];

    const { changes, unproposed } = await propose(files, items);

    expect(changes).toEqual([]);
    expect(unproposed.map(({ reason }) => reason)).toEqual([
      'its instances do not agree on a value',
      'its instances do not agree on a value',
    ]);
  });

  it('proposes nothing on manifests that are not valid', async () => {
    await expect(propose({ 'compose.yaml': 'services: [' }, [changed(memory)])).rejects.toThrow(
      'its manifests are not valid: apps/shop/compose.yaml:1:12',
    );
  });
});

describe('proposeDrift() where overrides make a service different on some hosts', () => {
  const varied = {
    'compose.yaml': `services:
  web:
    image: "shop:1"
    mem_limit: 256M
    environment: { LEVEL: info, MODE: slow }
    deploy: { mode: global }
    x-fleetwright:
      overrides:
        - hosts: [edge-1]
          mem_limit: 128M
          environment: { LEVEL: warn }
`,
  };
  const hosts = ['core-1', 'edge-1'].map(
    (name) => `{ name: ${name}, endpoint: unix:///run/${name} }`,
  );
  beforeEach(() => repository.push({ 'fleet.yaml': `name: test\nhosts: [${hosts.join()}]\n` }));

  it.each([
    {
      what: 'a limit',
      host: 'edge-1',
      item: { ...memory, desired: 2 ** 27 },
      line: 'compose.yaml:           mem_limit: 512M',
    },
    {
      what: 'a variable',
      host: 'edge-1',
      item: { class: 'immutable-field', path: 'environment.LEVEL', observed: 'debug' },
      line: 'compose.yaml:           environment: { LEVEL: debug }',
    },
    {
      what: 'a limit where no override holds',
      host: 'core-1',
      item: memory,
      line: 'compose.yaml:     mem_limit: 512M',
    },
    {
      what: 'what holds with and without the override',
      host: 'edge-1',
      item: { class: 'immutable-field', path: 'environment.MODE', observed: 'fast' },
      line: 'compose.yaml:     environment: { LEVEL: info, MODE: fast }',
    },
  ] as const)('changes the line that holds on the host: $what', async ({ host, item, line }) => {
    const proposal = await propose(varied, [changed({ ...item, host: toHostName(host) })]);

    expect(proposal.unproposed).toEqual([]);
    expect(linesOf(proposal, varied)).toEqual([line]);
  });

  it('leaves it where a line of an override is that of another service too', async () => {
    const anchored = {
      'compose.yaml': varied['compose.yaml'].replace('mem_limit: 128M', 'mem_limit: &small 128M'),
    };
    anchored['compose.yaml'] += '  api: { image: "api:1", mem_limit: *small }\n';
    const item = changed({ ...memory, desired: 2 ** 27, host: toHostName('edge-1') });

    const { changes, unproposed } = await propose(anchored, [item]);

    expect(changes).toEqual([]);
    expect(unproposed.map(({ reason }) => reason)).toEqual([
      'more than this value follows from its line: shop.services.api.container.resources.memoryBytes and shop.services.web.container.resources.memoryBytes',
    ]);
  });

  it('proposes two values where they differ because an override holds on one of the hosts', async () => {
    const items = [
      changed({ ...memory, host: toHostName('core-1') }),
      changed({ ...memory, host: toHostName('edge-1'), observed: 2 ** 30 }),
    ];

    expect(linesOf(await propose(varied, items), varied)).toEqual([
      'compose.yaml:     mem_limit: 512M',
      'compose.yaml:           mem_limit: 1G',
    ]);
  });
});
