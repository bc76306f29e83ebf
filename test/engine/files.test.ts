import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { assessInstance } from '../../src/drift/assess-instance.ts';
import type { Fleet } from '../../src/fleet/fleet.ts';
import type { ServiceSpec } from '../../src/model/application.ts';
import { familiarReference, findImage } from '../../src/model/image.ts';
import { instanceName } from '../../src/model/labels.ts';
import { originAt } from '../../src/model/origin.ts';
import {
  clearObserved,
  act,
  containerOf,
  fleetName,
  guardOf,
  launch,
  openTestFleet,
  reachable,
  sandboxHost,
} from '../support/engine-fleet.ts';
import { loadWeb, testKey, type Files } from '../support/load-files.ts';
import { shellOf } from '../support/sandbox.ts';
import { anIdentity } from '../unit/fleet/builders.ts';

const identity = anIdentity({ fleet: fleetName });
const host = sandboxHost(0);
const image = 'testapp:v1';
const planted = 'correct-horse-battery-staple';
let fleet: Fleet;

beforeAll(async () => {
  fleet = await openTestFleet([host], { key: testKey });
});

afterEach(() => clearObserved(fleet, host));

afterAll(() => fleet[Symbol.asyncDispose]());

const declared = 'secrets: { token: { file: ./token } }\nconfigs: { extra: { content: more } }\n';

const files: Files = {
  'shop/token': planted,
  'shop/nginx.conf': 'listen 80;\n',
  'shop/conf/a.conf': 'a\n',
  'shop/conf/deep/run.sh': { text: '#!/bin/sh\n', executable: true },
};

function load(lines: readonly string[]): ServiceSpec {
  const service = loadWeb(lines, declared, files);
  return { ...service, container: { ...service.container, image, networks: [] } };
}

/** What a command in the container says. */
async function run(...command: readonly string[]): Promise<string> {
  const engine = shellOf(host);
  const container = engine.getContainer(instanceName(identity));
  const exec = await container.exec({
    Cmd: [...command],
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const said = new PassThrough();
  engine.modem.demuxStream(stream, said, said);
  stream.on('end', () => said.end());
  return text(said);
}

describe.each([
  ['a container', []],
  ['a container that is read-only', ['read_only: true']],
  ['a container with a tmpfs above the files', ['tmpfs: [/run, /etc/nginx]']],
])('%s', (_name, lines) => {
  it('has the files of the commit', async () => {
    const service = load([
      ...lines,
      'volumes: ["./conf:/etc/conf.d:ro", "./nginx.conf:/etc/nginx/nginx.conf:ro"]',
      'secrets: [{ source: token, target: db, uid: "1000", gid: "1000", mode: 0440 }]',
    ]);

    expect(await launch(fleet, host, identity, service)).toEqual({ kind: 'done' });

    expect(await run('cat', '/etc/nginx/nginx.conf', '/etc/conf.d/a.conf')).toBe('listen 80;\na\n');
    expect(await run('stat', '-c', '%a %u %g', '/etc/conf.d/deep/run.sh')).toBe('755 0 0\n');
    expect(await run('stat', '-c', '%a %u %g', '/run/secrets/db')).toBe('440 1000 1000\n');
    expect(await run('cat', '/run/secrets/db')).toBe(planted);
    for (const file of ['/etc/conf.d/b.conf', '/etc/nginx/nginx.conf', '/run/secrets/db']) {
      expect(await run('sh', '-c', `echo x > ${file}`)).toContain('Read-only file system');
    }
  });
});

it('nobody sees the content of a secret, and nothing of it is left', async () => {
  const service = load(['secrets: [token]', 'volumes: ["./conf:/etc/conf.d:ro"]']);
  await launch(fleet, host, identity, service);
  const engine = shellOf(host);
  const container = containerOf(fleet, host, identity);

  const inspected = JSON.stringify([
    await engine.getContainer(container.id).inspect(),
    await engine.listVolumes(),
    container,
    service,
  ]);

  expect(inspected).not.toContain(planted);
  expect(inspected).not.toContain(Buffer.from(planted).toString('base64'));
  expect(
    await act(fleet, host, {
      kind: 'stop-container',
      guard: guardOf(container, 'running'),
      name: container.name,
      graceMs: 0,
    }),
  ).toEqual({ kind: 'done' });
  await act(fleet, host, {
    kind: 'remove-container',
    guard: guardOf(container, 'exited'),
    name: container.name,
  });
  expect((await engine.listVolumes()).Volumes ?? []).toEqual([]);
  expect(await engine.listContainers({ all: true })).toEqual([]);
});

it('what is delivered is no drift', async () => {
  const service = load(['secrets: [token]', 'volumes: ["./conf:/etc/conf.d"]']);
  await launch(fleet, host, identity, service);

  const container = containerOf(fleet, host, identity);
  const defaults = findImage(reachable(fleet, host).images, familiarReference(image))?.defaults;
  if (defaults === undefined) throw new Error(`image "${image}" is not observed`);
  const { hash } = service;
  const instance = {
    container,
    identity,
    hash,
    slotKey: 'shop/web/1',
    renamed: false,
    known: false,
  };
  expect(assessInstance(instance, service, defaults)).toEqual([]);
  expect(await run('sh', '-c', 'echo x > /etc/conf.d/b.conf; cat /etc/conf.d/b.conf')).toBe('x\n');
});

it.each([
  ['a file', 'nginx.conf', 'volumes./etc/nginx/nginx.conf'],
  ['a config', 'extra', 'configs./extra'],
  ['a secret', 'token', 'secrets./run/secrets/token'],
  ['a file of a folder', 'a.conf', 'volumes./etc/conf.d'],
])('%s is found altered, and nothing else', async (_name, file, path) => {
  const service = load([
    'configs: [extra]',
    'secrets: [token]',
    'volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro", "./conf:/etc/conf.d:ro", "./conf:/own"]',
  ]);
  await launch(fleet, host, identity, service);
  await run('sh', '-c', 'echo own > /own/a.conf');
  await fleet.refresh(new AbortController().signal);
  expect(containerOf(fleet, host, identity).altered).toBeUndefined();
  const before = { token: planted, extra: 'more', 'nginx.conf': 'listen 80;', 'a.conf': 'a' }[file];

  await onHost(
    `for each in /files/* /files/*/*; do grep -qx '${before}' $each && echo evil > $each; done; true`,
  );
  await fleet.refresh(new AbortController().signal);

  const container = containerOf(fleet, host, identity);
  const { hash } = service;
  const instance = {
    container,
    identity,
    hash,
    slotKey: 'shop/web/1',
    renamed: false,
    known: true,
  };
  const found = assessInstance(instance, service, null);
  expect(found.map(({ path, remedy }) => `${remedy.kind} for ${path}`)).toEqual([
    `replace for ${path}`,
  ]);
  expect(originAt(service.origins, path)).toMatchObject({ file: 'shop/compose.yaml' });
  expect(JSON.stringify(found)).not.toContain('evil');
});

it('what has the name that its files need, and is not ours, is left alone', async () => {
  const engine = shellOf(host);
  const name = `${instanceName(identity)}-files`;
  const service = load(['secrets: [token]']);
  const refused = { kind: 'failed', failure: { class: 'capacity', reason: 'NameConflict' } };
  const stranger = await engine.createContainer({ name, Image: image });

  expect(await launch(fleet, host, identity, service)).toMatchObject(refused);
  expect((await stranger.inspect()).Id).toBe(stranger.id);
  await stranger.remove();

  await engine.createVolume({ Name: name });
  expect(await launch(fleet, host, identity, service)).toMatchObject(refused);
  expect(await engine.getVolume(name).inspect()).toMatchObject({ Name: name });
  expect(await engine.listContainers({ all: true })).toEqual([]);
});

it('what an operator left behind that was ended while it filled is taken away', async () => {
  const engine = shellOf(host);
  const Labels = { 'fleetwright.filler': fleetName };
  const own = `${instanceName(identity)}-files`;
  await engine.createContainer({ name: own, Image: image, Labels });
  await engine.createContainer({ name: 'other-files', Image: image, Labels });
  await fleet.refresh(new AbortController().signal);

  expect(await launch(fleet, host, identity, load(['secrets: [token]']))).toEqual({ kind: 'done' });

  const left = await engine.listContainers({ all: true });
  expect(left.map(({ Names }) => Names)).toEqual([[`/${instanceName(identity)}`]]);
  expect(await run('cat', '/run/secrets/token')).toBe(planted);
});

/** Runs a command as somebody does who has a shell on the host; the files of the instance are below /files. */
async function onHost(command: string): Promise<void> {
  const engine = shellOf(host);
  const shell = await engine.createContainer({
    Image: image,
    Entrypoint: ['/bin/sh', '-c', command],
    HostConfig: { Binds: [`${instanceName(identity)}-files:/files`] },
  });
  await shell.start();
  await shell.wait();
  await shell.remove();
}
