import type { RequestListener, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';

import { defaultDeadlines } from '../../../src/fleet/deadlines.ts';
import { executeStep } from '../../../src/fleet/execute-step.ts';
import { label, selfLabel } from '../../../src/model/labels.ts';
import type { Hook } from '../../../src/model/hooks.ts';
import { toContainerId } from '../../../src/model/names.ts';
import type { Action, StepOutcome } from '../../../src/model/step.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { aHost, aReachableHost, aStep } from '../../support/builders.ts';
import { clientOf, closeServers } from '../../support/engine-server.ts';
import { anIdentity } from './builders.ts';

const never = new AbortController().signal;
const id = toContainerId('f'.repeat(64));
const guard = { id, self: selfLabel(anIdentity()), states: ['running'] as const };
const labels = { [label.fleet]: 'test', [label.self]: guard.self };
const running = { Id: id, Config: { Labels: labels }, State: { Running: true } };

afterEach(closeServers);

/** How the commands of an engine end, in their order: with a code and an output, or never. */
type Ends = readonly (readonly [exitCode: number, output: string] | 'never')[];

interface Seen {
  readonly outcome: StepOutcome;
  /** The bodies of the commands, and the stops among them. */
  readonly made: readonly unknown[];
  readonly warnings: readonly string[];
}

async function execute(action: Action, ends: Ends): Promise<Seen> {
  const made: unknown[] = [];
  const warnings: string[] = [];
  const answer = (path: string, body: string, response: ServerResponse): void => {
    const end = ends[made.length - 1] ?? 'never';
    switch (path.replace(/^.*\/(containers|exec)\/[^/]+\//, '$1 ')) {
      case 'containers json':
        return void response.end(JSON.stringify(running));
      case 'containers exec':
        made.push(JSON.parse(body));
        return void response.end(JSON.stringify({ Id: `e${made.length}` }));
      case 'containers stop':
        made.push('stop');
        return void response.writeHead(204).end();
      case 'exec start':
        response.writeHead(200, { 'content-type': 'application/vnd.docker.raw-stream' });
        if (end === 'never') response.flushHeaders();
        else response.end(frame(end[1]));
        return;
      default:
        return void response.end(JSON.stringify({ Running: false, ExitCode: end[0] }));
    }
  };
  const listener: RequestListener = (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    void text(request).then((body) => answer(path, body, response));
  };
  const { client } = await clientOf(listener);
  const logger = pino(
    { level: 'warn' },
    {
      write: (line: string) => void warnings.push((JSON.parse(line) as { reason: string }).reason),
    },
  );
  const context = {
    client,
    host: aHost('host-1'),
    fleet: 'test',
    picture: aReachableHost('host-1'),
    clock: systemClock,
    deadlines: defaultDeadlines,
    logger,
    key: null,
    filling: new Set<string>(),
    login: () => Promise.resolve({ kind: 'none' } as const),
  };
  const outcome = await executeStep(aStep(action), context, never);
  return { outcome, made, warnings };
}

function frame(text: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = 2;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

function hook(...command: readonly string[]): Hook {
  return { command };
}

function runOf(hooks: readonly Hook[], limitMs = 60_000): Action {
  return { kind: 'run-hooks', guard, name: 'web', hooks, limitMs };
}

function stopWith(hooks: readonly Hook[], graceMs = 60_000): Action {
  return { kind: 'stop-container', guard, name: 'web', graceMs, hooks };
}

const asked = { AttachStdout: true, AttachStderr: true };

it('runs each with what it needs, one after the other', async () => {
  const whole = {
    command: ['chown', '/data'],
    user: 'root',
    workingDir: '/data',
    privileged: true as const,
    environment: { B: '2', A: '1' },
  };

  const { outcome, made } = await execute(runOf([hook('a'), whole]), [
    [0, ''],
    [0, 'said'],
  ]);

  expect(outcome).toEqual({ kind: 'done' });
  expect(made).toEqual([
    { ...asked, Cmd: ['a'] },
    {
      ...asked,
      Cmd: ['chown', '/data'],
      User: 'root',
      WorkingDir: '/data',
      Privileged: true,
      Env: ['A=1', 'B=2'],
    },
  ]);
});

it('ends with the first that fails, and says what that said last', async () => {
  const output = ['one', '', 'two', 'three', 'four', 'five', 'six'].join('\n');

  const { outcome, made } = await execute(runOf([hook('a', 'b'), hook('c')]), [[3, output]]);

  expect(made).toHaveLength(1);
  expect(outcome).toEqual({
    kind: 'failed',
    failure: {
      class: 'revision',
      reason: 'HookFailed',
      message: 'post_start hook 1 ("a b") ended with code 3: two / three / four / five / six',
    },
  });
});

it('gives up on one that does not end', async () => {
  const { outcome } = await execute(runOf([hook('a')], 200), ['never']);

  expect(outcome).toMatchObject({
    failure: { message: 'post_start hook 1 ("a") did not end within 0.2 s' },
  });
});

it.each<[string, Ends, readonly string[]]>([
  ['ends well', [[0, '']], []],
  ['fails', [[1, 'no']], ['pre_stop hook 1 ("a") ended with code 1: no']],
])('stops after a hook that %s', async (_name, ends, expected) => {
  const { outcome, made, warnings } = await execute(stopWith([hook('a')]), ends);

  expect(outcome).toEqual({ kind: 'done' });
  expect(made).toEqual([{ ...asked, Cmd: ['a'] }, 'stop']);
  expect(warnings).toEqual(expected);
});

it('stops after a hook that has had the grace of the stop', async () => {
  const { made, warnings } = await execute(stopWith([hook('a'), hook('b')], 1_000), ['never']);

  expect(made).toEqual([{ ...asked, Cmd: ['a'] }, 'stop']);
  expect(warnings).toEqual(['pre_stop hook 1 ("a") did not end within 1 s']);
});
