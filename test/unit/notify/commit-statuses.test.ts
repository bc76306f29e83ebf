import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { diagnosticAt } from '../../../src/model/diagnostic.ts';
import type { StatusDestination } from '../../../src/notify/receiver.ts';
import { aCommit, aQuarantine, aRevision, aService, origin } from '../../support/builders.ts';
import { eventually } from '../../support/eventually.ts';
import { scratchFolder, type ScratchFolder } from '../../support/git-repository.ts';
import { startRecorder, type Recorder } from '../../support/recorder.ts';
import { aReceiver, openTelling, type Telling } from '../../support/told.ts';

let scratch: ScratchFolder;
let telling: Telling & AsyncDisposable;
let recorder: Recorder;

beforeEach(async () => {
  scratch = await scratchFolder();
  telling = openTelling(scratch.path);
  recorder = await startRecorder();
});
afterEach(async () => {
  await telling[Symbol.asyncDispose]();
  await recorder[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

const arrived = (count: number): Promise<true> =>
  eventually('statuses', async () => recorder.requests.length >= count || null, 20_000, 10);

function start(type: StatusDestination['type'], apiUrl: string): void {
  const tokenFile = telling.secret('token', 'planted-token');
  const targetUrl = 'https://fleet.example.com/';
  const destination: StatusDestination = {
    type,
    apiUrl: `${recorder.url}${apiUrl}`,
    project: 'the team/shop',
    tokenFile,
    targetUrl,
  };
  telling.start([aReceiver('status', destination)]);
}

const [first, second] = [aCommit(1), aCommit(2)];
const common = { target_url: 'https://fleet.example.com/' };
const pending = { ...common, description: 'the commit is taken up' };
const refused = { ...common, description: `${origin.file}:1:1: no such key` };

describe('the status of a commit', () => {
  it.each([
    {
      type: 'github',
      api: '',
      path: '/repos/the%20team/shop/statuses/',
      header: ['authorization', 'Bearer planted-token'],
      bodies: [
        { state: 'pending', context: 'fleetwright', ...pending },
        { state: 'failure', context: 'fleetwright', ...refused },
      ],
    },
    {
      type: 'gitea',
      api: '/api/v1',
      path: '/api/v1/repos/the%20team/shop/statuses/',
      header: ['authorization', 'token planted-token'],
      bodies: [
        { state: 'pending', context: 'fleetwright', ...pending },
        { state: 'failure', context: 'fleetwright', ...refused },
      ],
    },
    {
      type: 'gitlab',
      api: '/api/v4',
      path: '/api/v4/projects/the%20team%2Fshop/statuses/',
      header: ['private-token', 'planted-token'],
      bodies: [
        { state: 'pending', name: 'fleetwright', ...pending },
        { state: 'failed', name: 'fleetwright', ...refused },
      ],
    },
  ] as const)('$type', async ({ type, api, path, header: [name, value], bodies }) => {
    recorder.mood = { status: 201 };
    start(type, api);
    telling.journal.accept(aRevision(1), []);
    telling.journal.reject(aRevision(2), [diagnosticAt(origin, 'x', 'no', 'no such key')]);
    await arrived(2);

    expect(recorder.requests.map((request) => request.path)).toEqual([path + first, path + second]);
    expect(recorder.requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
    expect(recorder.requests.map(({ headers }) => headers[name])).toEqual([value, value]);
    expect(recorder.requests.map(({ body }) => JSON.parse(body) as object)).toEqual(bodies);
  });

  it('shows the first failure of a commit, and nothing of its other events', async () => {
    start('github', '');
    telling.journal.accept(aRevision(1), []);
    const fail = (application: string, message: string): void => {
      const quarantine = { ...aQuarantine(aService()), commit: first, reason: 'Exited', message };
      telling.journal.write(
        [{ kind: 'quarantined', application, container: null, quarantine }],
        Date.now(),
      );
    };
    fail('shop', 'with 1');
    fail('mail', 'with 2');
    telling.journal.accept(aRevision(2), []);
    await arrived(3);

    const bodies = recorder.requests.map(({ body }) => JSON.parse(body) as { state: string });
    expect(bodies.map(({ state }) => state)).toEqual(['pending', 'failure', 'pending']);
    expect(bodies[1]).toMatchObject({
      description: expect.stringMatching(/^shop: .*Exited: with 1$/),
    });
  });
});
