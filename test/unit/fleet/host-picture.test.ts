import { pino } from 'pino';
import { expect, it } from 'vitest';

import { clean } from '../../../src/fleet/dirty.ts';
import { ChangeLog } from '../../../src/fleet/change-log.ts';
import { FileWatch } from '../../../src/fleet/file-watch.ts';
import { HostPicture } from '../../../src/fleet/host-picture.ts';
import { label } from '../../../src/model/labels.ts';
import { toHostName } from '../../../src/model/names.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';
import { HandDrivenHost, inspectOf, wireContainer, wireRow } from './hand-driven-host.ts';

const never = new AbortController().signal;
const list = 'GET /containers/json';
const webInspect = inspectOf('web');
const web = { ...clean, containers: new Set(['web']) };

/** A host that was read once, with these containers running. */
async function read(
  ...ids: readonly string[]
): Promise<{ host: HandDrivenHost; picture: HostPicture; states: () => readonly string[] }> {
  const host = new HandDrivenHost();
  const clock = new VirtualClock(0);
  const files = new FileWatch({ key: null, clock, logger: pino({ level: 'silent' }) });
  const picture = new HostPicture({
    host: toHostName('host-1'),
    fleet: 'test',
    readMs: 1_000,
    clock,
    files,
    changes: new ChangeLog('test'),
  });
  for (const id of ids) host.set(inspectOf(id), wireContainer(id, 'running'));
  host.set(list, ids.map(wireRow));
  await picture.readAll(host, {}, never);
  const states = (): readonly string[] =>
    (picture.observe(0, 0)?.containers ?? []).map(({ name, state }) => `${name} ${state}`);
  return { host, picture, states };
}

it('an older inspect does not overwrite a newer one', async () => {
  const { host, picture, states } = await read('web');
  host.hold(webInspect);
  const readings = [picture.readDirty(host, web, never), picture.readDirty(host, web, never)];
  const older = await host.asked(webInspect);
  const newer = await host.asked(webInspect);

  await newer.answer(wireContainer('web', 'exited'));
  await older.answer(wireContainer('web', 'running'));
  await Promise.all(readings);

  expect(states()).toEqual(['web exited']);
});

it('an older inspect does not bring back a container that a newer one did not find', async () => {
  const { host, picture, states } = await read('web');
  host.hold(webInspect);
  const readings = [picture.readDirty(host, web, never), picture.readDirty(host, web, never)];
  const older = await host.asked(webInspect);
  const newer = await host.asked(webInspect);

  await newer.answer(null);
  await older.answer(wireContainer('web', 'running'));
  await Promise.all(readings);

  expect(states()).toEqual([]);
});

it('a list does not remove a container that was inspected after it was asked for', async () => {
  const { host, picture, states } = await read();
  host.hold(list);
  const listing = picture.readAll(host, {}, never);
  const asked = await host.asked(list);
  host.set(webInspect, wireContainer('web', 'created'));
  await picture.readDirty(host, web, never);

  await asked.answer([]);
  await listing;

  expect(states()).toEqual(['web created']);
});

it('a list does not bring back a container that was gone after it was asked for', async () => {
  const { host, picture } = await read();
  const stranger = { Id: 'db', Names: ['/db'], Labels: {}, State: 'running' };
  host.hold(list);
  const listing = picture.readAll(host, {}, never);
  const asked = await host.asked(list);
  await picture.readDirty(host, { ...clean, containers: new Set(['db']) }, never);

  await asked.answer([stranger]);
  await listing;

  expect(picture.observe(0, 0)?.unmanaged).toEqual([]);
});

it('an inspect that is older than a list without its container says nothing', async () => {
  const { host, picture, states } = await read();
  host.hold(webInspect);
  const inspecting = picture.readDirty(host, web, never);
  const asked = await host.asked(webInspect);
  await picture.readAll(host, {}, never);

  await asked.answer(wireContainer('web', 'running'));
  await inspecting;

  expect(states()).toEqual([]);
});

it('an inspect that is older than a list with its container shows at once what it found', async () => {
  const { host, picture, states } = await read('web');
  host.hold(webInspect);
  const inspecting = picture.readDirty(host, web, never);
  const older = await host.asked(webInspect);
  const listing = picture.readAll(host, {}, never);
  const newer = await host.asked(webInspect);

  await older.answer(wireContainer('web', 'exited'));
  await inspecting;
  expect(states()).toEqual(['web exited']);

  await newer.answer(wireContainer('web', 'running'));
  await listing;
  expect(states()).toEqual(['web running']);
});

it.each([
  { line: 'GET /networks', dirty: { networks: true } },
  { line: 'GET /volumes', dirty: { volumes: true } },
  { line: 'GET /images/json', dirty: { images: true } },
])('an older answer to $line does not overwrite a newer one', async ({ line, dirty }) => {
  const { host, picture } = await read();
  const bodyOf = (name: string): unknown =>
    line === 'GET /volumes' ? { Volumes: [named(name)] } : [named(name)];
  host.set('GET /images/old/json', { Id: 'old' });
  host.set('GET /images/new/json', { Id: 'new' });
  host.hold(line);
  const readings = [1, 2].map(() => picture.readDirty(host, { ...clean, ...dirty }, never));
  const older = await host.asked(line);
  const newer = await host.asked(line);

  await newer.answer(bodyOf('new'));
  await older.answer(bodyOf('old'));
  await Promise.all(readings);

  const seen = picture.observe(0, 0);
  const names = [
    ...(seen?.networks ?? []).map(({ name }) => name),
    ...(seen?.volumes ?? []).map(({ name }) => name),
    ...(seen?.images ?? []).map(({ id }) => id),
  ];
  expect(names).toEqual(['new']);
});

it('an older list of images does not take away what a newer one is still learning', async () => {
  const { host, picture } = await read();
  const images = { ...clean, images: true };
  host.hold('GET /images/json');
  host.hold('GET /images/b/json');
  host.set('GET /images/a/json', { Id: 'a' });
  const readings = [1, 2].map(() => picture.readDirty(host, images, never));
  const older = await host.asked('GET /images/json');
  const newer = await host.asked('GET /images/json');

  await newer.answer([named('a'), named('b')]);
  const asked = await host.asked('GET /images/b/json');
  await older.answer([]);
  await asked.answer({ Id: 'b' });
  await Promise.all(readings);

  expect(picture.observe(0, 0)?.images.map(({ id }) => id)).toEqual(['a', 'b']);
});

it('what had the name of a container before is read again with it', async () => {
  const { host, picture, states } = await read('old', 'other');
  host.set('GET /containers/old/json', null);
  host.set('GET /containers/web/json', { ...wireContainer('new', 'created'), Name: '/old' });

  await picture.readDirty(host, web, never);

  expect(states()).toEqual(['old created', 'other running']);
  expect(host.count(inspectOf('other'))).toBe(1);
});

it('a container of others is read in full as long as it is of interest, and known by its id then', async () => {
  const { host, picture } = await read();
  const stranger = (name: string, labels: object): void => {
    const config = { Config: { Labels: labels } };
    host.set(inspectOf('db'), { ...wireContainer('db', 'running'), Name: `/${name}`, ...config });
    host.set(list, [{ Id: 'db', Names: [`/${name}`], Labels: labels }]);
  };
  const seen = (): readonly (readonly string[])[] => {
    const { containers = [], unmanaged = [] } = picture.observe(0, 0) ?? {};
    return [containers, unmanaged].map((all) => all.map(({ name }) => name));
  };
  stranger('db', { 'com.docker.compose.project': 'old' });
  await picture.readAll(host, {}, never);
  expect(seen()).toEqual([[], ['db']]);

  picture.interest = { projects: ['old'], names: [], ids: [] };
  await picture.readAll(host, {}, never);
  expect(seen()).toEqual([['db'], []]);

  picture.interest = { projects: [], names: [], ids: ['db'] };
  stranger('renamed', { 'com.docker.compose.project': 'old' });
  await picture.readDirty(host, { ...clean, containers: new Set(['db']) }, never);
  expect(seen()).toEqual([['renamed'], []]);

  stranger('renamed', { [label.fleet]: 'another' });
  await picture.readAll(host, {}, never);
  expect(seen()).toEqual([[], ['renamed']]);
});

/** A network, a volume or an image of that name and id. */
function named(name: string): object {
  return { Id: name, Name: name, RepoTags: [name] };
}
