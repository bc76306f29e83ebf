import { expect, it } from 'vitest';

import type { WireContainer } from '../../src/fleet/wire.ts';
import type { ContractContext } from './contract-context.ts';
import { runUntilItServes, until } from './contract-context.ts';
import { refused } from './engine-shell.ts';

/** Restart policies: after an exit, after the death of the daemon, after a power loss. */
export function restartCases(context: ContractContext): void {
  const { shell, bench } = context;
  const inspect = (): Promise<WireContainer> => shell().inspect('web');
  const whenStatus = (status: string): Promise<WireContainer> =>
    until(context, inspect, ({ State }) => State?.Status === status);

  it('what waits for its restart is also running', async () => {
    const id = await shell().run('web', crashing('always'));
    const waiting = await until(context, inspect, isWaitingFor(6));

    expect(waiting.State).toMatchObject({
      Running: true,
      Restarting: true,
      Paused: false,
      ExitCode: 1,
    });
    expect(waiting.NetworkSettings?.Ports).toEqual({});
    expect((await shell().list())[0]?.State).toBe('restarting');
    expect(await refused(shell().tell('web', 'pause'))).toEqual({
      status: 409,
      message: `Container ${id} is restarting, wait until the container is running`,
    });
    expect(await refused(shell().remove('web'))).toMatchObject({ status: 409 });
    await shell().start('web');
    expect((await inspect()).State?.Status).toBe('restarting');
  });

  it('a stop ends the wait for a restart', async () => {
    await shell().run('web', crashing('always'));
    await until(context, inspect, isWaitingFor(6));

    await shell().stop('web');
    const stopped = await inspect();
    await bench().sleep(5_000);

    expect(stopped.State).toMatchObject({ Status: 'exited', ExitCode: 1 });
    expect((await inspect()).State).toEqual(stopped.State);
  });

  it('the delay grows from 100 ms, twice as much each time', async () => {
    await shell().run('web', crashing('always'));

    const { State } = await until(context, inspect, isWaitingFor(6));

    const finished = Date.parse(State?.FinishedAt ?? '');
    const next = await until(context, inspect, ({ RestartCount }) => RestartCount === 7);
    const waitedMs = Date.parse(next.State?.StartedAt ?? '') - finished;
    expect(waitedMs).toBeGreaterThanOrEqual(3_200);
    expect(waitedMs).toBeLessThan(6_400);
  });

  it('on-failure counts its retries, and a start by hand counts anew', async () => {
    await shell().run('web', crashing('on-failure', 2));
    const given = await until(context, inspect, isExitedAfter(2));

    await shell().start('web');
    const again = await until(
      context,
      inspect,
      (seen) => isExitedAfter(2)(seen) && seen.State?.StartedAt !== given.State?.StartedAt,
    );

    expect(given).toMatchObject({ RestartCount: 2, State: { ExitCode: 1 } });
    expect(again).toMatchObject({ RestartCount: 2, State: { ExitCode: 1 } });
  });

  it('a policy that is taken away in the wait lets it run once more', async () => {
    await shell().run('web', crashing('always'));
    const waiting = await until(context, inspect, isWaitingFor(6));

    await shell().update('web', { RestartPolicy: { Name: 'no' } });
    const { State } = await whenStatus('exited');

    expect(waiting.State?.StartedAt).not.toBe(State?.StartedAt);
  });

  it.each(['always', 'unless-stopped', 'on-failure'])(
    'what was killed from outside is started again under "%s"',
    async (policy) => {
      const id = await shell().run('web', withPolicy(policy));

      await bench().killProgram(id);

      await until(
        context,
        inspect,
        ({ State, RestartCount }) => State?.Status === 'running' && RestartCount === 1,
      );
    },
  );

  it('what was killed from outside stays so without a policy', async () => {
    const id = await shell().run('web', withPolicy('no'));

    await bench().killProgram(id);
    const exited = await whenStatus('exited');
    await bench().sleep(500);

    expect(exited).toMatchObject({ RestartCount: 0, State: { ExitCode: 137, OOMKilled: false } });
    expect((await inspect()).State).toEqual(exited.State);
  });

  it('a daemon that was killed stops what it finds running, on purpose', async () => {
    await runTable();

    await bench().restartDaemon();

    expect(await statuses()).toEqual({
      'runs-no': 'exited 0',
      'runs-always': 'running 0',
      'runs-unless-stopped': 'exited 0',
      'runs-on-failure': 'exited 0',
      'paused-always': 'running 0',
      'paused-no': 'exited 0',
      'stopped-always': 'running 0',
      'stopped-unless-stopped': 'exited 0',
      'stopped-on-failure': 'exited 0',
      'killed-unless-stopped': 'exited 137',
      'killed-on-failure': 'running 0',
      'fresh-always': 'created 0',
      'broken-always': 'created 127',
    });
  });

  it('a power loss is no stop on purpose', async () => {
    await runTable();

    await bench().powerCycle();

    expect(await statuses()).toEqual({
      'runs-no': 'exited 255',
      'runs-always': 'running 0',
      'runs-unless-stopped': 'running 0',
      'runs-on-failure': 'running 0',
      'paused-always': 'running 0',
      'paused-no': 'exited 255',
      'stopped-always': 'running 0',
      'stopped-unless-stopped': 'exited 0',
      'stopped-on-failure': 'exited 0',
      'killed-unless-stopped': 'exited 137',
      'killed-on-failure': 'running 0',
      'fresh-always': 'created 0',
      'broken-always': 'created 127',
    });
  });

  it('what waits for its restart goes on after the daemon has died', async () => {
    await shell().run('web', crashing('unless-stopped'));
    await until(context, inspect, isWaitingFor(5));

    await bench().restartDaemon();

    await until(context, inspect, isWaitingFor(2));
    await shell().stop('web');
    await bench().restartDaemon();
    expect((await inspect()).State?.Status).toBe('exited');
  });

  it('a restart that is asked for is over when it is answered, and counts anew', async () => {
    const id = await shell().run('web', withPolicy('unless-stopped'));
    await bench().killProgram(id);
    const before = await until(context, inspect, ({ RestartCount }) => RestartCount === 1);
    await until(context, inspect, ({ State }) => State?.Restarting === false);

    await shell().restart('web');

    const after = await inspect();
    expect(after).toMatchObject({ Id: id, RestartCount: 0, State: { Status: 'running' } });
    expect(startOf(after)).toBeGreaterThan(startOf(before));
    await bench().killProgram(id);
    await until(context, inspect, ({ RestartCount }) => RestartCount === 1);
  });

  it('a restart that is asked for also starts what was stopped, or waits for its restart', async () => {
    await shell().run('web');
    await shell().stop('web');

    await shell().restart('web');

    expect((await inspect()).State?.Status).toBe('running');
    await shell().remove('web', { force: '1' });
    await shell().run('web', crashing('always'));
    await until(context, inspect, isWaitingFor(6));
    await shell().restart('web');
    expect(await inspect()).toMatchObject({ RestartCount: expect.any(Number) });
    expect((await inspect()).RestartCount ?? 0).toBeLessThan(6);
  });

  it('after a signal a program goes on, and its policy does not start it again', async () => {
    const id = await shell().run('web', withPolicy('unless-stopped'));
    const before = await inspect();

    await shell().signal('web', 'SIGHUP');

    await bench().sleep(500);
    expect(await inspect()).toMatchObject({ Id: id, State: before.State });
    await bench().killProgram(id);
    await until(context, inspect, ({ State }) => State?.Status === 'exited');
    await bench().sleep(1_000);
    expect((await inspect()).State?.Status).toBe('exited');
    expect(await refused(shell().signal('web', 'SIGHUP'))).toMatchObject({ status: 409 });
    await shell().start('web');
    await bench().killProgram(id);
    await until(context, inspect, ({ RestartCount }) => RestartCount === 1);
  });

  async function runTable(): Promise<void> {
    for (const policy of ['no', 'always', 'unless-stopped', 'on-failure']) {
      await runUntilItServes(context, `runs-${policy}`, withPolicy(policy));
    }
    for (const policy of ['no', 'always']) {
      await runUntilItServes(context, `paused-${policy}`, withPolicy(policy));
      await shell().tell(`paused-${policy}`, 'pause');
    }
    for (const policy of ['always', 'unless-stopped', 'on-failure']) {
      await runUntilItServes(context, `stopped-${policy}`, withPolicy(policy));
      await shell().stop(`stopped-${policy}`);
    }
    for (const policy of ['unless-stopped', 'on-failure']) {
      await shell().run(`killed-${policy}`, withPolicy(policy));
      await shell().tell(`killed-${policy}`, 'kill');
    }
    await shell().create('fresh-always', withPolicy('always'));
    await shell().create('broken-always', { ...withPolicy('always'), Cmd: ['/nope'] });
    await refused(shell().start('broken-always'));
  }

  async function statuses(): Promise<Readonly<Record<string, string>>> {
    const rows = await shell().list({ all: '1' });
    const containers = await Promise.all(rows.map(({ Id }) => shell().inspect(Id)));
    return Object.fromEntries(
      containers.map(({ Name = '', State }) => [
        Name.slice(1),
        `${State?.Status} ${State?.ExitCode}`,
      ]),
    );
  }
}

function withPolicy(name: string, count = 0): object {
  return { HostConfig: { RestartPolicy: { Name: name, MaximumRetryCount: count } } };
}

function crashing(policy: string, count = 0): object {
  return { Image: 'testapp:crash', ...withPolicy(policy, count) };
}

function startOf({ State }: WireContainer): number {
  return Date.parse(State?.StartedAt ?? '');
}

function isWaitingFor(restart: number): (seen: WireContainer) => boolean {
  return ({ State, RestartCount = 0 }) => State?.Status === 'restarting' && RestartCount >= restart;
}

function isExitedAfter(restarts: number): (seen: WireContainer) => boolean {
  return ({ State, RestartCount }) => State?.Status === 'exited' && RestartCount === restarts;
}
