import { expect, it } from 'vitest';

import type { DockerHost } from '../../src/fleet/docker-host.ts';
import { eventsSince } from '../../src/fleet/host-link.ts';
import type { WireEvent, WireInfo } from '../../src/fleet/wire.ts';
import type { ContractContext } from './contract-context.ts';
import { never } from './engine-shell.ts';

/** What an engine remembers of its events. */
export function eventCases(context: ContractContext): void {
  const { bench, shell } = context;

  it('events of a time that is over can be asked for, and the answer ends', async () => {
    const { host } = bench();
    await shell().create('before');
    await bench().sleep(20);
    const since = await engineTime(host);
    const id = await shell().run('web');
    await shell().tell(id, 'pause');
    await bench().sleep(20);
    const until = await engineTime(host);
    await shell().tell(id, 'unpause');

    const past: WireEvent[] = [];
    for await (const event of eventsSince(host, { since, until }, 10_000, never)) past.push(event);

    const own = past.filter(({ Type }) => Type === 'container');
    expect(own.map(({ Action }) => Action)).toEqual(['create', 'start', 'pause']);
    const times = own.map(({ timeNano = 0 }) => timeNano / 1_000_000);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(since);
    expect(Math.max(...times)).toBeLessThanOrEqual(until + 1);
  });
}

/** What the clock of the engine says, in milliseconds since the epoch. */
async function engineTime(host: DockerHost): Promise<number> {
  const request = { what: 'ask for the time', path: '/info', deadlineMs: 10_000, signal: never };
  const { SystemTime = '' } = await host.json<WireInfo>(request);
  return Date.parse(SystemTime);
}
