import type { RequestListener } from 'node:http';

import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';

import { defaultDeadlines } from '../../../src/fleet/deadlines.ts';
import { executeStep } from '../../../src/fleet/execute-step.ts';
import { label, selfLabel } from '../../../src/model/labels.ts';
import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type { Action, StepOutcome } from '../../../src/model/step.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { aCommit, aHost, aReachableHost, aService } from '../../support/builders.ts';
import { clientOf, closeServers } from '../../support/engine-server.ts';
import { anIdentity } from './builders.ts';

const identity = anIdentity();
const never = new AbortController().signal;
const id = toContainerId('f'.repeat(64));
const guard = { id, self: selfLabel(identity), states: ['running'] as const };
const stop: Action = { kind: 'stop-container', guard, name: 'web', graceMs: 0 };

afterEach(closeServers);

type Answers = Readonly<Record<string, readonly [status: number, body: unknown] | 'hang up'>>;

/** An engine that answers by method and path, and notes what it was asked. */
function engine(answers: Answers): { listener: RequestListener; asked: string[] } {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    const line = `${request.method} ${request.url?.split('?')[0]}`;
    asked.push(line);
    const answer = answers[line] ?? [404, { message: `no ${line}` }];
    if (answer === 'hang up') return void request.socket.destroy();
    const [status, body] = answer;
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  return { listener, asked };
}

async function execute(
  action: Action,
  answers: Answers,
  signal = never,
): Promise<{ outcome: StepOutcome; asked: readonly string[] }> {
  const { listener, asked } = engine(answers);
  return executeOn(listener, asked, action, signal);
}

async function executeOn(
  listener: RequestListener,
  asked: readonly string[],
  action: Action,
  signal = never,
): Promise<{ outcome: StepOutcome; asked: readonly string[] }> {
  const { client } = await clientOf(listener);
  const context = {
    client,
    host: aHost('host-1'),
    fleet: 'test',
    picture: aReachableHost('host-1'),
    clock: systemClock,
    deadlines: defaultDeadlines,
    logger: pino({ level: 'silent' }),
    key: null,
    filling: new Set<string>(),
    login: () => Promise.resolve({ kind: 'none' } as const),
  };
  const cause = { commit: aCommit(1), origin: null, path: '', reason: 'test', changes: [] };
  const step = { key: 'k', host: toHostName('host-1'), application: 'shop', service: 'web' };
  const outcome = await executeStep({ ...step, slot: '1', action, cause }, context, signal);
  return { outcome, asked };
}

const labels = { [label.fleet]: 'test', [label.self]: guard.self };
const running = [200, { Id: id, Config: { Labels: labels }, State: { Running: true } }] as const;
const ended = [
  200,
  { Id: id, Config: { Labels: labels }, State: { Status: 'exited', Running: false } },
] as const;
const removal = `DELETE /containers/${id}`;
const remove: Action = {
  kind: 'remove-container',
  guard: { ...guard, states: ['exited'] },
  name: 'web',
};
const inspect = `GET /containers/${id}/json`;
const post = `POST /containers/${id}/stop`;

it('executeStep() does not know the outcome of a mutation that was not answered', async () => {
  const { outcome } = await execute(stop, { [inspect]: running, [post]: 'hang up' });

  expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('ECONNRESET') });
});

it('executeStep() knows that nothing happened when it could not even look', async () => {
  const { outcome, asked } = await execute(stop, { [inspect]: 'hang up' });

  expect(outcome).toMatchObject({ kind: 'failed', failure: { reason: 'HostUnreachable' } });
  expect(asked).not.toContain(post);
});

it.each([
  { name: 'another fleet', changed: { ...labels, [label.fleet]: 'other' } },
  { name: 'another instance', changed: { ...labels, [label.self]: 'other' } },
  { name: 'no label', changed: {} },
])('executeStep() leaves a container with $name alone', async ({ changed }) => {
  const found = [200, { Id: id, Config: { Labels: changed }, State: { Running: true } }] as const;

  const { outcome, asked } = await execute(stop, { [inspect]: found });

  expect(outcome.kind).toBe('skipped');
  expect(asked).toEqual([inspect]);
});

it('executeStep() takes "already so" for done', async () => {
  const { outcome } = await execute(stop, { [inspect]: running, [post]: [304, ''] });

  expect(outcome).toEqual({ kind: 'done' });
});

it.each([
  ['is gone already', { [inspect]: [404, { message: 'No such container' }] }],
  [
    'is gone a moment later',
    { [inspect]: ended, [removal]: [404, { message: 'No such container' }] },
  ],
  [
    'is being removed',
    {
      [inspect]: ended,
      [removal]: [409, { message: 'removal of container f is already in progress' }],
    },
  ],
] as const)('executeStep() says that others have removed what %s', async (_, answers) => {
  const { outcome } = await execute(remove, answers);

  expect(outcome).toEqual({ kind: 'done', byOthers: true });
});

it('executeStep() has removed itself what was still there', async () => {
  const { outcome } = await execute(remove, { [inspect]: ended, [removal]: [204, ''] });

  expect(outcome).toEqual({ kind: 'done' });
});

it('executeStep() does nothing when it is cancelled before it began', async () => {
  const { outcome, asked } = await execute(stop, {}, AbortSignal.abort());

  expect(outcome.kind).toBe('skipped');
  expect(asked).toEqual([]);
});

it.each([
  { error: 'manifest unknown', reason: 'ImageNotFound' },
  { error: 'unauthorized: authentication required', reason: 'ImageUnauthorized' },
  { error: 'write /x: no space left on device', reason: 'DiskFull' },
])('executeStep() finds "$error" inside the answer of a pull', async ({ error, reason }) => {
  const progress = `{"status":"Pulling"}\nrubbish\n${JSON.stringify({ error })}\n`;

  const { outcome } = await execute(
    { kind: 'pull-image', image: 'shop:1' },
    { 'POST /images/create': [200, progress] },
  );

  expect(outcome).toMatchObject({ kind: 'failed', failure: { reason } });
});

it('executeStep() asks no registry for an image that is there', async () => {
  const image = [200, { Id: 'sha256:1', Os: 'linux', Architecture: 'amd64' }] as const;

  const { outcome, asked } = await execute(
    { kind: 'pull-image', image: 'shop:1' },
    { 'GET /images/shop:1/json': image },
  );

  expect(outcome).toEqual({ kind: 'done' });
  expect(asked).toEqual(['GET /images/shop:1/json']);
});

it('executeStep() refuses a network name that two networks have', async () => {
  const twins = [
    { Id: 'a', Name: 'net' },
    { Id: 'b', Name: 'net' },
    { Id: 'c', Name: 'net2' },
  ];
  const service = aService({ container: { networks: [{ network: 'net', aliases: [] }] } });

  const { outcome, asked } = await execute(
    { kind: 'create-container', identity, service },
    { 'GET /networks': [200, twins] },
  );

  expect(outcome).toMatchObject({ kind: 'failed', failure: { reason: 'NetworkAmbiguous' } });
  expect(asked).toEqual(['GET /networks']);
});

it('executeStep() creates nothing on an engine that is too old for a key, and says which', async () => {
  const service = aService({ container: { annotations: { a: 'b' } } });

  const { outcome, asked } = await execute({ kind: 'create-container', identity, service }, {});

  expect(outcome).toMatchObject({
    kind: 'failed',
    failure: {
      class: 'revision',
      reason: 'EngineTooOld',
      message: expect.stringMatching(
        /^Cannot create container "shop-web-1-\w+": host "host-1" speaks .* "annotations" needs Engine API 1\.43/,
      ),
    },
  });
  expect(asked).toEqual([]);
});

const composed = { [label.composeProject]: 'old', [label.composeService]: 'web' };
const adopted = { id, self: '', adopted: composed, states: ['running', 'exited'] as const };

it.each<[string, Record<string, string>, boolean]>([
  ['the labels that it had', { ...composed, other: 'x' }, true],
  ['other labels than it had', { ...composed, [label.composeService]: 'db' }, false],
  ['the label of a fleet', { ...composed, [label.fleet]: 'test' }, false],
])('executeStep() on what was adopted looks for %s', async (_name, found, isHeld) => {
  const container = { Id: id, Config: { Labels: found }, State: { Running: true } };
  const action: Action = { ...stop, guard: adopted };

  const { outcome, asked } = await execute(action, {
    [inspect]: [200, container],
    [post]: [204, ''],
  });

  expect(outcome.kind).toBe(isHeld ? 'done' : 'skipped');
  expect(asked.includes(post)).toBe(isHeld);
});

const live = { target: '/a', content: '', mode: 0o644, uid: 0, gid: 0 } as const;
const volume = 'old-name-files';
const toBeTold: Action = {
  kind: 'deliver-files',
  guard: { ...guard, states: ['running', 'exited'] },
  name: 'web',
  service: aService({ container: { files: [{ ...live, onChange: { kind: 'restart' } }] } }),
  targets: ['/a'],
  telling: { kind: 'restart' },
  told: { '/a': 'stamp' },
};
const withSignals: Action = {
  ...toBeTold,
  telling: { kind: 'signal', signals: ['SIGHUP', 'SIGUSR1'] },
};
const mounts = [{ Type: 'volume', Source: volume, Target: '/.fleetwright' }];
const ofVolume = { Labels: { [label.files]: volume, [label.fleet]: 'test' }, Mountpoint: '/v' };
const copy = `PUT /containers/${volume}/archive`;

/** An engine with the instance in this state, whose volume can be written to. */
function withVolume(state: object, more: Answers = {}): Answers {
  const instance = { Id: id, Image: 'sha256:1', Config: { Labels: labels } };
  const filler = { Id: 'filler', Config: { Labels: { [label.filler]: 'test' } } };
  return {
    [inspect]: [200, { ...instance, HostConfig: { Mounts: mounts }, State: state }],
    'POST /containers/create': [201, { Id: 'filler' }],
    [`GET /volumes/${volume}`]: [200, ofVolume],
    [copy]: [200, ''],
    [`POST /containers/${id}/restart`]: [204, ''],
    [`POST /containers/${id}/kill`]: [204, ''],
    [`GET /containers/${volume}/json`]: [200, filler],
    'DELETE /containers/filler': [204, ''],
    ...more,
  };
}

const before = [inspect, 'POST /containers/create', `GET /volumes/${volume}`, copy];
const after = [copy, `GET /containers/${volume}/json`, 'DELETE /containers/filler'];

it.each<[string, Action, object, readonly string[]]>([
  ['restarts what runs', toBeTold, { Running: true }, [`POST /containers/${id}/restart`]],
  [
    'sends each signal',
    withSignals,
    { Running: true },
    Array(2).fill(`POST /containers/${id}/kill`),
  ],
  ['tells nothing to what does not run', toBeTold, { Status: 'exited' }, []],
])('executeStep() writes files, %s, and notes it then', async (_name, action, state, told) => {
  const { outcome, asked } = await execute(action, withVolume(state));

  expect(outcome).toEqual({ kind: 'done' });
  expect(asked).toEqual([...before, ...told, ...after]);
});

it('executeStep() takes a program that has ended before its signal for told', async () => {
  const ended = { [`POST /containers/${id}/kill`]: [409, { message: 'is not running' }] } as const;

  const { outcome } = await execute(withSignals, withVolume({ Running: true }, ended));

  expect(outcome).toEqual({ kind: 'done' });
});

it('executeStep() does not note files that nobody was told of', async () => {
  const lost = { [`POST /containers/${id}/restart`]: 'hang up' } as const;

  const { outcome, asked } = await execute(toBeTold, withVolume({ Running: true }, lost));

  expect(outcome.kind).toBe('unknown');
  expect(asked.filter((line) => line === copy)).toHaveLength(1);
});

it('executeStep() writes no files for a container that has no volume for them', async () => {
  const { outcome, asked } = await execute(toBeTold, { [inspect]: running });

  expect(outcome).toMatchObject({ kind: 'failed', failure: { reason: 'NoFiles' } });
  expect(asked).toEqual([inspect]);
});

const unused: Action = {
  kind: 'remove-image',
  id: 'sha256:1',
  name: 'shop:1',
  references: ['shop:1', 'shop:2'],
};
const look = 'GET /images/sha256:1/json';
const users = 'GET /containers/json';

function anImage(RepoTags: readonly string[], RepoDigests: readonly string[] = []): [200, object] {
  return [200, { Id: 'sha256:1', RepoTags, RepoDigests }];
}

it('executeStep() tells what a pull has brought', async () => {
  const answers: Record<string, readonly [number, unknown]> = {};
  const found = [200, { Id: 'sha256:1', Os: 'linux', Architecture: 'amd64' }] as const;
  answers['POST /images/create'] = [200, ''];
  const { listener, asked } = engine(answers);
  const pulls: RequestListener = (request, response) => {
    listener(request, response);
    answers['GET /images/shop:1/json'] = found;
  };

  const { outcome } = await executeOn(pulls, asked, { kind: 'pull-image', image: 'shop:1' });

  expect(outcome).toEqual({ kind: 'done', pulled: { id: 'sha256:1', isNew: true } });
});

it('executeStep() removes an image by its names, without force', async () => {
  const { outcome, asked } = await execute(unused, {
    [look]: anImage(['shop:1', 'shop:2'], [`shop@sha256:${'d'.repeat(64)}`]),
    [users]: [200, [{ Id: 'c1', ImageID: 'sha256:2' }]],
    'DELETE /images/shop:1': [200, []],
    'DELETE /images/shop:2': [404, { message: 'No such image' }],
    'DELETE /images/sha256:1': [200, []],
  });

  expect(outcome).toEqual({ kind: 'done' });
  expect(asked.filter((line) => line.startsWith('DELETE'))).toEqual([
    'DELETE /images/shop:1',
    'DELETE /images/shop:2',
    'DELETE /images/sha256:1',
  ]);
});

it.each<[string, string, Answers]>([
  ['has a name of others', 'mine:1', { [look]: anImage(['shop:1', 'mine:1']), [users]: [200, []] }],
  [
    'was pulled from another repository too',
    'other@sha256:d',
    { [look]: anImage(['shop:1'], ['other@sha256:d']), [users]: [200, []] },
  ],
  [
    'is in a container of anybody',
    'container "db"',
    {
      [look]: anImage(['shop:1']),
      [users]: [200, [{ Id: 'c', Names: ['/db'], ImageID: 'sha256:1' }]],
    },
  ],
])('executeStep() leaves an image that %s', async (_name, why, answers) => {
  const { outcome, asked } = await execute(unused, answers);

  expect(outcome).toMatchObject({ kind: 'skipped', reason: expect.stringContaining(why) });
  expect(asked.some((line) => line.startsWith('DELETE'))).toBe(false);
});

it('executeStep() takes an image that is gone for removed', async () => {
  expect((await execute(unused, {})).outcome).toEqual({ kind: 'done' });
});

it.each<[string, Answers[string], string]>([
  ['removes a volume of ours', [200, { Labels: { [label.fleet]: 'test' } }], 'done'],
  ['leaves a volume of others', [200, { Labels: { [label.fleet]: 'other' } }], 'skipped'],
  ['takes a volume that is gone for removed', [404, { message: 'no such volume' }], 'done'],
])('executeStep() %s', async (_name, volume, kind) => {
  const { outcome, asked } = await execute(
    { kind: 'remove-volume', name: 'data', request: 1 },
    { 'GET /volumes/data': volume, 'DELETE /volumes/data': [204, ''] },
  );

  expect(outcome.kind).toBe(kind);
  const isOurs = kind === 'done' && volume[0] === 200;
  expect(asked.includes('DELETE /volumes/data')).toBe(isOurs);
});
