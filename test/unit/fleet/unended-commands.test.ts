import { expect, it } from 'vitest';

import { askContainer } from '../../../src/fleet/ask-container.ts';
import { toContainerId, type ContainerId } from '../../../src/model/names.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { settle } from '../../simulation/virtual-clock.ts';
import { HandDrivenHost } from './hand-driven-host.ts';

const made = 'POST /containers/c1/exec';
const stands = 'GET /exec/e1/json';

it('runs nothing in a container in which the last command has not ended', async () => {
  const host = new HandDrivenHost();
  const unended = new Map<ContainerId, string>();
  const ask = (signal: AbortSignal): ReturnType<typeof askContainer> =>
    askContainer(
      host,
      toContainerId('c1'),
      ['nc'],
      { clock: systemClock, ms: 60_000 },
      unended,
      signal,
    );
  host.set(made, { Id: 'e1' });
  host.set(stands, { Running: true, ExitCode: null });
  const stop = new AbortController();
  const hanging = expect(ask(stop.signal)).rejects.toThrow('it was cancelled');
  await settle();
  stop.abort();
  await hanging;

  const { signal } = new AbortController();
  await expect(ask(signal)).rejects.toThrow('the last one has not ended');
  expect(host.count(made)).toBe(1);

  host.set(stands, { Running: false, ExitCode: 3 });
  const answer = ask(signal);
  await settle();
  await host.hangUp();

  expect(await answer).toEqual({ exitCode: 3, output: Buffer.alloc(0) });
  expect(host.count(made)).toBe(2);
});
