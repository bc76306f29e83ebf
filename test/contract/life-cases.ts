import { expect, it } from 'vitest';

import type { WireContainer, WireStats } from '../../src/fleet/wire.ts';
import type { ContractContext } from './contract-context.ts';
import { byAge, runUntilItServes, until } from './contract-context.ts';
import { refused } from './engine-shell.ts';

const neverTime = '0001-01-01T00:00:00Z';

/** Start, stop, pause and kill: the states of a container, and what is refused in each. */
export function lifeCases(context: ContractContext): void {
  const { shell, bench } = context;

  it('a start is there when it is answered, and a second one has no effect', async () => {
    await shell().run('web');

    const { State } = await shell().inspect('web');
    await shell().start('web');

    expect(State).toMatchObject({
      Status: 'running',
      Running: true,
      Paused: false,
      Restarting: false,
      ExitCode: 0,
      Error: '',
      FinishedAt: neverTime,
    });
    expect(Date.parse(State?.StartedAt ?? '')).toBeGreaterThan(0);
    expect((await shell().inspect('web')).State).toEqual(State);
  });

  it('a stop is over when it is answered, and a second one has no effect', async () => {
    await runUntilItServes(context, 'web');

    await shell().stop('web');
    const { State } = await shell().inspect('web');
    await shell().stop('web');

    expect(State).toMatchObject({ Status: 'exited', Running: false, ExitCode: 0 });
    expect(Date.parse(State?.FinishedAt ?? '')).toBeGreaterThan(Date.parse(State?.StartedAt ?? ''));
    expect((await shell().inspect('web')).State).toEqual(State);
    expect((await shell().list({ all: '1' }))[0]?.State).toBe('exited');
  });

  it('what runs tells what it has used of the CPUs so far, and what does not run tells nothing', async () => {
    await shell().run('web');

    const first = await shell().stats('web');
    const isLater = ({ read = '' }: WireStats): boolean =>
      Date.parse(read) > Date.parse(first.read ?? '');
    const second = await until(context, () => shell().stats('web'), isLater);
    await shell().stop('web');
    const stopped = await shell().stats('web');

    const [before, after] = [first, second].map(
      (one) => one.cpu_stats?.cpu_usage?.total_usage ?? 0,
    );
    expect(before).toBeGreaterThan(0);
    expect(after).toBeGreaterThanOrEqual(before ?? 0);
    expect(stopped.cpu_stats?.cpu_usage?.total_usage).toBe(0);
    expect(Date.parse(stopped.read ?? '')).toBeLessThan(0);
  });

  it('a stop of what never ran leaves it created', async () => {
    await shell().create('web');

    await shell().stop('web');

    expect((await shell().inspect('web')).State).toMatchObject({
      Status: 'created',
      FinishedAt: neverTime,
    });
  });

  it('what is started again still says when it ended last', async () => {
    await shell().run('web');
    await shell().stop('web');
    const first = (await shell().inspect('web')).State;
    await bench().sleep(20);

    await shell().start('web');

    const second = (await shell().inspect('web')).State;
    expect(second).toMatchObject({ Status: 'running', FinishedAt: first?.FinishedAt });
    expect(second?.StartedAt).not.toBe(first?.StartedAt);
  });

  it('what ignores SIGTERM is killed after the grace, its own or that of the call', async () => {
    await shell().run('own', { Image: 'testapp:stubborn', StopTimeout: 1 });
    await shell().run('given', { Image: 'testapp:stubborn' });

    await shell().stop('own');
    await shell().stop('given', 1);

    for (const name of ['own', 'given']) {
      const { State } = await shell().inspect(name);
      expect(State).toMatchObject({ Status: 'exited', ExitCode: 137, OOMKilled: false });
      expect(duration(State)).toBeGreaterThanOrEqual(900);
    }
  });

  it('a program that ends by itself leaves its exit code', async () => {
    await shell().run('web', { Image: 'testapp:crash' });

    const { State } = await until(context, () => shell().inspect('web'), isExited);

    expect(State).toMatchObject({ ExitCode: 1, Error: '' });
  });

  it('a paused container is also running', async () => {
    const id = await shell().run('web');

    await shell().tell('web', 'pause');

    expect((await shell().inspect('web')).State).toMatchObject({
      Status: 'paused',
      Running: true,
      Paused: true,
    });
    expect((await shell().list())[0]?.State).toBe('paused');
    expect(await refused(shell().tell('web', 'pause'))).toEqual({
      status: 409,
      message: `Container ${id} is already paused`,
    });
    expect(await refused(shell().start('web'))).toEqual({
      status: 409,
      message: 'cannot start a paused container, try unpause instead',
    });
    await shell().tell('web', 'unpause');
    expect((await shell().inspect('web')).State).toMatchObject({
      Status: 'running',
      Paused: false,
    });
    expect(await refused(shell().tell('web', 'unpause'))).toEqual({
      status: 500,
      message: `Container ${id} is not paused`,
    });
  });

  it('a paused container stops', async () => {
    await runUntilItServes(context, 'web');
    await shell().tell('web', 'pause');

    await shell().stop('web');

    expect((await shell().inspect('web')).State).toMatchObject({
      Status: 'exited',
      Paused: false,
      ExitCode: 0,
    });
  });

  it('only what runs is paused or killed', async () => {
    const id = await shell().create('web');

    expect(await refused(shell().tell('web', 'pause'))).toEqual({
      status: 409,
      message: byAge(context, `Container ${id} is not running`, `container ${id} is not running`),
    });
    expect(await refused(shell().tell('web', 'kill'))).toEqual({
      status: 409,
      message: byAge(
        context,
        `Cannot kill container: web: Container ${id} is not running`,
        `cannot kill container: web: container ${id} is not running`,
      ),
    });
  });

  it('a kill is on purpose: nothing is restarted', async () => {
    await shell().run('web', { HostConfig: { RestartPolicy: { Name: 'always' } } });

    await shell().tell('web', 'kill');
    await until(context, () => shell().inspect('web'), isExited);
    await bench().sleep(500);

    expect(await shell().inspect('web')).toMatchObject({
      RestartCount: 0,
      State: { Status: 'exited', ExitCode: 137 },
    });
  });

  it.each([
    [
      ['/nope'],
      400,
      127,
      'OCI runtime create failed: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown',
    ],
    [
      ['nope'],
      400,
      127,
      'OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown',
    ],
  ])('a program %j that is not there is no exit', async (Cmd, status, ExitCode, why) => {
    const shim = 'failed to create shim task: ';
    const task = byAge(context, shim, `failed to create task for container: ${shim}`);
    const message = `${task}${why}`;
    await shell().create('web', { Cmd, HostConfig: { RestartPolicy: { Name: 'always' } } });

    expect(await refused(shell().start('web'))).toEqual({ status, message });
    await bench().sleep(500);

    expect(await shell().inspect('web')).toMatchObject({
      RestartCount: 0,
      State: { Status: 'created', ExitCode, Error: message, StartedAt: neverTime },
    });
  });

  it('a user that is not there is refused at the start', async () => {
    await shell().create('web', { User: 'ghost' });

    const message = 'unable to find user ghost: no matching entries in passwd file';
    expect(await refused(shell().start('web'))).toEqual({ status: 500, message });
    expect((await shell().inspect('web')).State).toMatchObject({
      Status: 'created',
      ExitCode: 128,
      Error: message,
    });
  });
}

function isExited({ State }: WireContainer): boolean {
  return State?.Status === 'exited';
}

function duration(state: WireContainer['State']): number {
  return Date.parse(state?.FinishedAt ?? '') - Date.parse(state?.StartedAt ?? '');
}
