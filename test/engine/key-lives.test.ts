/**
 * Each key of the schema on a real engine: made and compared, changed by a commit, changed behind our back and healed.
 * The rows are those of the schema: a key that is honoured and has no row fails.
 */
import { readFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { assessInstance, type Difference } from '../../src/drift/assess-instance.ts';
import type { Instance } from '../../src/drift/identify.ts';
import type { Fleet } from '../../src/fleet/fleet.ts';
import { apiAtLeast } from '../../src/model/api-at-least.ts';
import type { ApplicationSpec, ServiceSpec } from '../../src/model/application.ts';
import { familiarReference, findImage } from '../../src/model/image.ts';
import { instanceName } from '../../src/model/labels.ts';
import type { ObservedContainer } from '../../src/model/observation.ts';
import { originOf } from '../../src/model/origin.ts';
import { remedyAction } from '../../src/rollout/heal.ts';
import { detectCgroups, removeCgroup } from '../../src/sandbox/cgroups.ts';
import {
  clearObserved,
  act,
  fleetName,
  guardOf,
  launch,
  never,
  openTestFleet,
  reachable,
  sandboxHost,
} from '../support/engine-fleet.ts';
import { keyLives, type KeyLife } from '../support/key-lives.ts';
import { loadApplication, testKey } from '../support/load-files.ts';
import { shellOf } from '../support/sandbox.ts';
import { tamperings } from '../support/tamperings.ts';
import { anIdentity } from '../unit/fleet/builders.ts';

const host = sandboxHost(0);
let fleet: Fleet;

beforeAll(async () => {
  fleet = await openTestFleet([host], { key: testKey });
});

afterEach(() => clearObserved(fleet, host));

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  // The row of `cgroup_parent` names one that is outside of the sandbox's, and engines remove none.
  removeCgroup(detectCgroups(), '/fw-a');
});

/** Line of the manifest on which the lines of the service begin. */
const firstLine = 4;

interface Loaded {
  readonly application: ApplicationSpec;
  readonly service: ServiceSpec;
}

function load(lines: readonly string[], top = '', files = {}): Loaded {
  const image = lines.some((line) => line.startsWith('image:')) ? '' : '    image: testapp:v1\n';
  const own = lines.map((line) => `    ${line}\n`).join('');
  const application = loadApplication(`services:\n  web:\n${image}${own}${top}`, files);
  const service = application.services.find(({ name }) => name === 'web');
  if (service === undefined) throw new Error('the manifest has no service "web"');
  return { application, service };
}

async function prepare({ application }: Loaded): Promise<void> {
  for (const network of application.networks) {
    expect(await act(fleet, host, { kind: 'create-network', network })).toEqual({ kind: 'done' });
  }
}

/** The only container, as a promoted instance of its slot would be judged that nobody remembers. */
function instance(service: ServiceSpec): Instance {
  const identity = anIdentity({ fleet: fleetName, hash: service.hash });
  const [container, ...others] = reachable(fleet, host).containers;
  if (container === undefined || others.length > 0) throw new Error('there is not one container');
  const renamed = container.name !== instanceName(identity);
  const { hash } = service;
  return { container, identity, hash, slotKey: 'shop/web/1', renamed, known: false };
}

function differences(
  service: ServiceSpec,
  of: Instance = instance(service),
): readonly Difference[] {
  const { images } = reachable(fleet, host);
  const defaults = findImage(images, familiarReference(of.container.spec.image))?.defaults;
  if (defaults === undefined) throw new Error('its image is not observed');
  return assessInstance(of, service, defaults);
}

function pathsOf(list: readonly Difference[]): readonly string[] {
  return list.map(({ path, desired, observed }) =>
    [path, JSON.stringify(desired), JSON.stringify(observed)].join(' '),
  );
}

/** Does what the differences ask for, as the loop would, one after the other. */
async function heal(service: ServiceSpec): Promise<void> {
  for (const { remedy } of differences(service)) {
    const action = remedyAction(remedy, instance(service), service);
    if (action === null) throw new Error(`"${remedy.kind}" is no step`);
    expect(await act(fleet, host, action)).toEqual({ kind: 'done' });
  }
}

/** Makes an instance, starts it and promotes it. */
async function bringUp(loaded: Loaded, isOnlyCreated = false): Promise<ObservedContainer> {
  const { service } = loaded;
  const identity = anIdentity({ fleet: fleetName, hash: service.hash });
  await prepare(loaded);
  const made = await act(fleet, host, { kind: 'create-container', identity, service });
  expect(made).toEqual({ kind: 'done' });
  const { container } = instance(service);
  if (isOnlyCreated) return container;
  const { name } = container;
  const start = { kind: 'start-container', guard: guardOf(container, 'created'), name } as const;
  expect(await act(fleet, host, { ...start, service })).toEqual({ kind: 'done' });
  const { restart } = service.container;
  const guard = guardOf(container, 'running');
  const action = { kind: 'update-container', guard, name, restart } as const;
  expect(await act(fleet, host, { ...action, resources: null })).toEqual({ kind: 'done' });
  return instance(service).container;
}

interface Property {
  readonly 'x-change'?: 'none' | 'update' | 'replace';
  readonly properties?: Readonly<Record<string, Property>>;
}

interface Schema {
  readonly $defs: { readonly service: Property; readonly deploy: Property };
}

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/compose.schema.json', import.meta.url), 'utf8'),
) as Schema;

/** What a change of each honoured key does, by its path. */
function changesBelow(property: Property, path: string): readonly (readonly [string, string])[] {
  return Object.entries(property.properties ?? {}).flatMap(([name, member]) => {
    const key = path === '' ? name : `${path}.${name}`;
    const change = member['x-change'];
    const own = change === undefined ? [] : [[key, change] as const];
    return [...own, ...changesBelow(member, key)];
  });
}

const changes = new Map([
  ...changesBelow(schema.$defs.service, ''),
  ...changesBelow(schema.$defs.deploy, 'deploy'),
]);
const lives = new Map(keyLives.map((life) => [life.key, life]));

/** The key of the schema that a row is about, or about a part of. */
function wholeOf(key: string): string {
  return [...changes.keys()].find((whole) => `${key}.`.startsWith(`${whole}.`)) ?? '';
}

/** What a change does of each key, and of each part that has a row of its own. */
const rows = [
  ...changes,
  ...keyLives
    .filter(({ key }) => !changes.has(key))
    .map(({ key, change }) => [key, change ?? changes.get(wholeOf(key))] as const),
];

function lifeOf(key: string): KeyLife {
  const life = lives.get(key);
  if (life === undefined) throw new Error(`test/support/key-lives.ts has no row for "${key}"`);
  return life;
}

/** Whether the engine is older than the key. */
function isTooNew({ since }: KeyLife): boolean {
  const { apiVersion } = reachable(fleet, host).engine;
  return since !== undefined && !apiAtLeast(apiVersion, since);
}

function stateOf({ isOnlyCreated }: KeyLife): readonly string[] {
  return isOnlyCreated === true ? ['state "running" "created"'] : [];
}

it('every row is of a key of the schema, or of a part of one', () => {
  expect([...lives.keys()].filter((key) => wholeOf(key) === '')).toEqual([]);
});

describe('made and compared, then changed by a commit:', () => {
  it.each(rows)('%s (%s)', async (key, change) => {
    const life = lifeOf(key);
    const before = load(life.before, life.top, life.files);
    const after = load(life.after, life.top, { ...life.files, ...life.filesAfter });
    const hashes = [before.service.hash === after.service.hash, change !== 'replace'];
    expect(hashes[0]).toBe(hashes[1]);
    const refused = life.refused ?? (isTooNew(life) ? /Engine API/ : undefined);
    if (refused !== undefined) {
      const identity = anIdentity({ fleet: fleetName, hash: before.service.hash });
      await prepare(before);
      const outcome = await launch(fleet, host, identity, before.service);
      expect(outcome).toMatchObject({ failure: { message: expect.stringMatching(refused) } });
      return;
    }

    const { id } = await bringUp(before, life.isOnlyCreated);

    expect(pathsOf(differences(before.service))).toEqual(stateOf(life));
    if (change === 'replace' || life.isUnseen === true) return;
    const isIt = pathsOf(differences(after.service)).length > stateOf(life).length;
    expect(isIt).toBe(change === 'update');
    if (change === 'none' || life.isOnlyCreated === true) return;
    await heal(after.service);
    expect(pathsOf(differences(after.service))).toEqual([]);
    expect(instance(after.service).container.id).toBe(id);
  });
});

describe('changed behind our back, reported and healed:', () => {
  it.each(tamperings)('$what, $path', async ({ lines, act: tamper, path, line }) => {
    const loaded = load(lines);
    const { service } = loaded;
    const { id } = await bringUp(loaded);
    const engine = shellOf(host);

    await tamper(engine.getContainer(id), engine);
    await fleet.refresh(never);

    expect(differences(service).map((difference) => difference.path)).toEqual([path]);
    expect(originOf(service.origins, path)).toMatchObject({
      file: 'shop/compose.yaml',
      line: line === null ? 2 : firstLine + line,
    });
    await heal(service);
    expect(pathsOf(differences(service))).toEqual([]);
    expect(instance(service).container.id).toBe(id);
  });
});
