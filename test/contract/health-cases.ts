import { expect, it } from 'vitest';

import type { WireContainer } from '../../src/fleet/wire.ts';
import type { ContractContext } from './contract-context.ts';
import { byAge, until } from './contract-context.ts';

const intervalMs = 500;
/** A busy machine takes its time for a probe. */
const check = {
  Test: ['CMD', 'testapp', 'check'],
  Interval: intervalMs * 1e6,
  Timeout: 10e9,
  Retries: 2,
};

interface WireProbe {
  readonly Start?: string;
  readonly ExitCode?: number;
  readonly Output?: string;
}

interface WireHealth {
  readonly Status?: string;
  readonly FailingStreak?: number;
  readonly Log?: readonly WireProbe[];
}

/** Its first probe comes so late that there is time to look before. */
const patient = { ...check, Interval: 2e9 };

/** What a HEALTHCHECK says, and when. */
export function healthCases(context: ContractContext): void {
  const { shell, bench } = context;
  const health = async (name = 'web'): Promise<WireHealth | undefined> =>
    healthOf(await shell().inspect(name));
  const whenHealth = (status: string): Promise<WireHealth | undefined> =>
    until(context, health, (seen) => seen?.Status === status);

  it('there is none without a check, and none before the first start', async () => {
    await shell().run('none', { Image: 'testapp:unhealthy', Healthcheck: { Test: ['NONE'] } });
    await shell().run('plain');
    await shell().create('web', { Healthcheck: check });

    expect(await health('none')).toBeUndefined();
    expect(await health('plain')).toBeUndefined();
    expect(await health()).toBeUndefined();
  });

  it('it is starting until the first probe, one interval after the start', async () => {
    await shell().run('web', { Healthcheck: patient });
    expect(await health()).toMatchObject({ Status: 'starting', FailingStreak: 0 });

    const healthy = await whenHealth('healthy');

    const { State } = await shell().inspect('web');
    const [probe] = (State?.Health?.Log ?? []) as readonly { readonly Start?: string }[];
    const afterMs = Date.parse(probe?.Start ?? '') - Date.parse(State?.StartedAt ?? '');
    expect(afterMs).toBeGreaterThanOrEqual(1_980);
    expect(healthy?.Log?.[0]).toMatchObject({ ExitCode: 0, Output: '200 ok\n' });
    expect((await shell().list())[0]).toMatchObject({
      Status: expect.stringMatching(/^Up .*\(healthy\)$/),
    });
  });

  it('it is unhealthy after as many failures in a row, and nothing is done about that', async () => {
    const HostConfig = { RestartPolicy: { Name: 'always' } };
    await shell().run('web', { Healthcheck: check, Env: ['HEALTH=fail'], HostConfig });
    const first = await until(context, health, (seen) => (seen?.FailingStreak ?? 0) > 0);
    expect(first?.Status).toBe(first?.FailingStreak === 1 ? 'starting' : 'unhealthy');

    const unhealthy = await whenHealth('unhealthy');
    const later = await until(context, health, (seen) => (seen?.FailingStreak ?? 0) >= 4);

    expect(unhealthy?.FailingStreak).toBeGreaterThanOrEqual(2);
    expect(later?.Log?.map(({ ExitCode, Output }) => [ExitCode, Output])).toEqual(
      (later?.Log ?? []).map(() => [1, '500 unhealthy\n']),
    );
    expect(await shell().inspect('web')).toMatchObject({
      RestartCount: 0,
      State: { Status: 'running' },
    });
  });

  it('it keeps the last five probes', async () => {
    await shell().run('web', { Healthcheck: { ...check, Interval: 200e6 } });

    const first = await until(context, health, (seen) => (seen?.Log ?? []).length > 0);
    const isSixth = (seen: WireHealth | undefined): boolean =>
      seen?.Log?.length === 5 && seen.Log[0]?.Start !== first?.Log?.[0]?.Start;
    await until(context, health, isSixth);
    await bench().sleep(intervalMs);

    expect((await health())?.Log).toHaveLength(5);
  });

  it('one success is enough', async () => {
    const Healthcheck = { ...check, Retries: 9 };
    await shell().run('web', { Healthcheck, Env: ['START_DELAY_MS=2500'] });

    const healthy = await whenHealth('healthy');

    expect(healthy?.Log?.[0]).toMatchObject({
      ExitCode: 1,
      Output: 'cannot connect to port 8080: Connection refused\n',
    });
    expect(healthy?.FailingStreak).toBe(0);
  });

  it('failures in the start period are not counted', async () => {
    // One from 27 on looks every 5 s while it starts, unless it is told otherwise.
    const often = { Interval: 300e6, StartInterval: 300e6 };
    const Healthcheck = { ...check, ...often, StartPeriod: 4e9, Retries: 1 };
    await shell().run('web', { Healthcheck, Env: ['HEALTH=fail'] });

    const probed = await until(context, health, (seen) => (seen?.Log?.length ?? 0) > 0);
    expect(probed).toMatchObject({ Status: 'starting', FailingStreak: 0 });

    const { State } = await until(
      context,
      () => shell().inspect('web'),
      (seen) => healthOf(seen)?.Status === 'unhealthy',
    );
    const log = (State?.Health?.Log ?? []) as readonly { readonly Start?: string }[];
    const lastMs = Date.parse(log.at(-1)?.Start ?? '') - Date.parse(State?.StartedAt ?? '');
    expect(lastMs).toBeGreaterThanOrEqual(4_000);
  });

  it('in the start period an engine from 25 on looks as often as it is told', async () => {
    const Healthcheck = { ...check, StartPeriod: 60e9 };
    await shell().run('told', { Healthcheck: { ...Healthcheck, StartInterval: 3e9 } });
    await shell().run('web', { Healthcheck });

    await whenHealth('healthy');

    const firstProbeMs = async (name: string): Promise<number> => {
      const { State } = await shell().inspect(name);
      const [probe] = (State?.Health?.Log ?? []) as readonly { readonly Start?: string }[];
      return Date.parse(probe?.Start ?? '') - Date.parse(State?.StartedAt ?? '');
    };
    expect(await firstProbeMs('web')).toBeLessThan(2_980);
    await until(
      context,
      () => health('told'),
      (seen) => seen?.Status === 'healthy',
    );
    const toldMs = await firstProbeMs('told');
    expect(toldMs < 2_980).toBe(byAge(context, true, false));
  });

  it('a check that cannot be run has failed', async () => {
    const Healthcheck = { ...check, Test: ['CMD', 'nope'], Retries: 1 };
    await shell().run('web', { Healthcheck });

    expect((await whenHealth('unhealthy'))?.Log?.[0]).toMatchObject({
      ExitCode: -1,
      Output: expect.stringContaining('exec: "nope": executable file not found in $PATH'),
    });
  });

  it('a paused container is unhealthy, and still so until the probe after its pause', async () => {
    await shell().run('web', { Healthcheck: patient });
    await whenHealth('healthy');

    await shell().tell('web', 'pause');
    expect(await health()).toMatchObject({ Status: 'unhealthy', FailingStreak: 0 });
    await shell().tell('web', 'unpause');
    expect(await health()).toMatchObject({ Status: 'unhealthy', FailingStreak: 0 });

    await whenHealth('healthy');
  });

  it('a stopped container is unhealthy, and starting again with its old log', async () => {
    await shell().run('web', { Healthcheck: patient });
    await whenHealth('healthy');

    await shell().stop('web');
    expect(await health()).toMatchObject({ Status: 'unhealthy' });
    await shell().start('web');

    const again = await health();
    expect(again).toMatchObject({ Status: 'starting', FailingStreak: 0 });
    expect(again?.Log?.length).toBeGreaterThan(0);
  });

  it('a program that turns bad is noticed, and events tell of each change', async () => {
    const events = await bench().eventsDuring(async () => {
      await shell().run('web', { Healthcheck: check, Env: ['HEALTH_FAIL_AFTER_MS=3000'] });
      await whenHealth('unhealthy');
    });

    const words = events.map(({ Action = '' }) => Action);
    expect(words.filter((word) => word.startsWith('health_status'))).toEqual([
      'health_status: healthy',
      'health_status: unhealthy',
    ]);
  });
}

function healthOf({ State }: WireContainer): WireHealth | undefined {
  return (State?.Health ?? undefined) as WireHealth | undefined;
}
