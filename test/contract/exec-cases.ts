import { expect, it } from 'vitest';

import { readFrames } from '../../src/fleet/exec-output.ts';
import type { WireExec } from '../../src/fleet/wire.ts';
import type { ContractContext } from './contract-context.ts';
import { byAge, until } from './contract-context.ts';
import { never, refused, type EngineShell } from './engine-shell.ts';

/** Commands that are run in a container that runs. */
export function execCases(context: ContractContext): void {
  const { shell } = context;

  it('a command runs to its end, and its output and code come back', async () => {
    await shell().run('web');

    expect(await exec(context, ['testapp', 'end', '3', 'no luck'])).toEqual({
      output: 'no luck\n',
      exitCode: 3,
    });
    expect(await exec(context, ['testapp', 'end', '0'])).toEqual({ output: '', exitCode: 0 });
  });

  it('it has the variables of the container, with its own over them', async () => {
    await shell().run('web', { Env: ['A=1', 'B=1'] });

    await exec(context, ['testapp', 'append', '/a', '%A%'], { Env: ['A=2'] });
    await exec(context, ['testapp', 'append', '/a', '%B%'], { Env: ['A=2'] });

    expect(await shell().files('web', '/a')).toEqual({ a: '2\n1\n' });
  });

  it('what cannot be run ends with a code of its own', async () => {
    await shell().run('web');

    const { exitCode, output } = await exec(context, ['nope']);

    expect(exitCode).toBe(126);
    expect(output).toContain('executable file not found');
  });

  it('nothing runs in a container that does not run, or is not there', async () => {
    const id = await shell().create('web');

    expect(await refused(make(shell(), ['testapp', 'end', '0']))).toEqual({
      status: 409,
      message: byAge(context, `Container ${id} is not running`, `container ${id} is not running`),
    });
    expect(await refused(make(shell(), ['testapp', 'end', '0'], {}, 'nobody'))).toEqual({
      status: 404,
      message: 'No such container: nobody',
    });
  });

  it('a command that was only made does not run', async () => {
    await shell().run('web');
    const id = await make(shell(), ['testapp', 'end', '0']);

    expect(await shell().get<WireExec>(`/exec/${id}/json`)).toMatchObject({
      Running: false,
      ExitCode: null,
    });
  });

  it('a daemon that was restarted knows no command', async () => {
    await shell().run('web');
    const id = await make(shell(), ['testapp', 'end', '0']);
    await context.bench().restartDaemon();

    expect(await refused(shell().get<WireExec>(`/exec/${id}/json`))).toEqual({
      status: 404,
      message: `No such exec instance: ${id}`,
    });
  });

  it('a command ends with its container', async () => {
    await shell().run('web', { Env: ['CRASH_AFTER_MS=5000'] });

    expect((await exec(context, ['testapp', 'pause', '60000'])).exitCode).toBe(137);
  });
}

async function make(
  shell: EngineShell,
  command: readonly string[],
  more: object = {},
  name = 'web',
): Promise<string> {
  const { Id } = await shell.host.json<{ readonly Id: string }>({
    what: 'make a command',
    method: 'POST',
    path: `/containers/${name}/exec`,
    body: { AttachStdout: true, AttachStderr: true, Cmd: command, ...more },
    deadlineMs: 10_000,
    signal: never,
  });
  return Id;
}

async function exec(
  context: ContractContext,
  command: readonly string[],
  more: object = {},
): Promise<{ readonly exitCode: number | null | undefined; readonly output: string }> {
  const shell = context.shell();
  const id = await make(shell, command, more);
  const stream = await shell.host.stream({
    what: 'start a command',
    method: 'POST',
    path: `/exec/${id}/start`,
    body: { Detach: false, Tty: false },
    deadlineMs: 10_000,
    signal: never,
  });
  const output = await readFrames(stream);
  const ended = await until(
    context,
    () => shell.get<WireExec>(`/exec/${id}/json`),
    ({ Running }) => Running === false,
  );
  return { output, exitCode: ended.ExitCode };
}
