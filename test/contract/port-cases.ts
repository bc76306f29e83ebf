import { expect, it } from 'vitest';

import type { WireContainer } from '../../src/fleet/wire.ts';
import type { ContractContext } from './contract-context.ts';
import { runUntilItServes } from './contract-context.ts';
import { refused } from './engine-shell.ts';

/** Published ports: who gets one, when, and what is said of them. */
export function portCases(context: ContractContext): void {
  const { shell, bench } = context;

  it('a published port is two addresses, and none once it has stopped', async () => {
    await shell().run('web', publishing('18080'));

    const bindings = [
      { HostIp: '0.0.0.0', HostPort: '18080' },
      { HostIp: '::', HostPort: '18080' },
    ];
    expect(portsOf(await shell().inspect('web'))).toEqual({ '8080/tcp': bindings });
    expect((await shell().list())[0]?.Ports).toEqual([
      { IP: '0.0.0.0', PrivatePort: 8080, PublicPort: 18_080, Type: 'tcp' },
      { IP: '::', PrivatePort: 8080, PublicPort: 18_080, Type: 'tcp' },
    ]);
    await shell().stop('web');
    expect(portsOf(await shell().inspect('web'))).toEqual({});
    expect((await shell().list({ all: '1' }))[0]?.Ports).toEqual([]);
  });

  it('what is only exposed is null while it runs', async () => {
    await shell().run('web');

    expect(portsOf(await shell().inspect('web'))).toEqual({ '8080/tcp': null });
  });

  it('a port that is taken is no exit: nothing tries again, also when it is free', async () => {
    const always = { RestartPolicy: { Name: 'always' } };
    await shell().run('first', publishing('18080'));
    const second = await shell().create('second', publishing('18080', '', always));

    const { status, message } = await refused(shell().start('second'));
    const failed = await shell().inspect('second');
    await shell().stop('first');
    await bench().sleep(1_000);

    expect(status).toBe(500);
    expect(message).toMatch(
      /^driver failed programming external connectivity on endpoint second \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:18080 failed: port is already allocated$/,
    );
    expect(failed).toMatchObject({
      RestartCount: 0,
      State: { Status: 'created', Running: false, ExitCode: 128, Error: message },
    });
    expect((await shell().inspect(second)).State).toEqual(failed.State);
    await shell().start('second');
    expect((await shell().inspect('second')).State).toMatchObject({
      Status: 'running',
      ExitCode: 0,
      Error: '',
    });
  });

  it('what ran before is exited after a start that failed', async () => {
    await runUntilItServes(context, 'first', publishing('18080'));
    await shell().stop('first');
    const before = (await shell().inspect('first')).State;
    await shell().run('second', publishing('18080'));

    const { message } = await refused(shell().start('first'));

    expect((await shell().inspect('first')).State).toMatchObject({
      Status: 'exited',
      ExitCode: 128,
      Error: message,
      StartedAt: before?.StartedAt,
      FinishedAt: before?.FinishedAt,
    });
  });

  it('one address and all addresses get into each other’s way', async () => {
    await shell().run('one', publishing('18080', '127.0.0.1'));
    await shell().create('all', publishing('18080'));

    const { status, message } = await refused(shell().start('all'));

    expect(status).toBe(500);
    expect(message).toContain(
      'Error starting userland proxy: listen tcp4 0.0.0.0:18080: bind: address already in use',
    );
    expect(portsOf(await shell().inspect('one'))).toEqual({
      '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '18080' }],
    });
  });

  it('a free port is another one at each start', async () => {
    await shell().run('web', publishing(''));
    const first = hostPort(await shell().inspect('web'));
    await shell().stop('web');
    await shell().start('web');
    const second = hostPort(await shell().inspect('web'));

    expect(first).toBeGreaterThanOrEqual(32_768);
    expect(second).toBeGreaterThan(first);
    expect((await shell().inspect('web')).HostConfig?.PortBindings).toEqual({
      '8080/tcp': [{ HostIp: '', HostPort: '' }],
    });
  });

  it('a range gives one port after the other', async () => {
    await shell().run('web', publishing('18084-18086'));
    const first = hostPort(await shell().inspect('web'));
    await shell().stop('web');
    await shell().start('web');

    expect([first, hostPort(await shell().inspect('web'))]).toEqual([18_084, 18_085]);
  });

  it('only what is exposed is published', async () => {
    await shell().run('web', {
      HostConfig: { PortBindings: { '81/tcp': [{ HostPort: '18081' }] } },
    });

    expect(portsOf(await shell().inspect('web'))).toEqual({ '8080/tcp': null });
  });
}

function publishing(hostPort: string, hostIp = '', host: object = {}): object {
  const PortBindings = { '8080/tcp': [{ HostIp: hostIp, HostPort: hostPort }] };
  return { ExposedPorts: { '8080/tcp': {} }, HostConfig: { ...host, PortBindings } };
}

function portsOf({ NetworkSettings }: WireContainer): object | null | undefined {
  return NetworkSettings?.Ports;
}

function hostPort({ NetworkSettings }: WireContainer): number {
  return Number(NetworkSettings?.Ports?.['8080/tcp']?.[0]?.HostPort ?? 0);
}
