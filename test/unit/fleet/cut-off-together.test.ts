import { pino } from 'pino';
import { expect, it } from 'vitest';

import { openFleet } from '../../../src/fleet/docker-fleet.ts';
import { noInterest } from '../../../src/model/adoption.ts';
import { toHostName } from '../../../src/model/names.ts';
import { VirtualClock, settle } from '../../simulation/virtual-clock.ts';
import { aDesiredState } from '../../support/builders.ts';
import { HandDrivenHost } from './hand-driven-host.ts';

const never = new AbortController().signal;
const ping = 'GET /_ping';
const list = 'GET /containers/json';

it('hosts that are cut off together are noticed together, and none is given up before the others had time to return', async () => {
  const clock = new VirtualClock(0);
  const [first, second] = [new HandDrivenHost(), new HandDrivenHost()];
  await using fleet = openFleet({
    credentialsDir: null,
    logger: pino({ level: 'silent' }),
    clock,
    random: () => 0.5,
    connect: ({ name }) => (name === 'host-1' ? first : second),
  });
  const seen = (name: string): string => {
    const found = fleet.snapshot().get(toHostName(name));
    if (found?.kind !== 'unreachable') return 'there';
    return found.isUncertain === true ? 'perhaps away' : 'away';
  };
  const pass = async (ms: number): Promise<void> => {
    const until = clock.now() + ms;
    while (await clock.step(until));
  };
  fleet.configure(aDesiredState([], ['host-1', 'host-2']).fleet, noInterest);
  await fleet.refresh(never);
  for (const host of [first, second]) host.set(list, null);
  second.hold(ping);

  await first.hangUp();

  expect(seen('host-1')).toBe('perhaps away');
  await (await second.asked(ping)).fail('gone');
  await (await second.asked(ping)).fail('gone');
  await settle();
  expect([seen('host-1'), seen('host-2'), clock.now()]).toEqual(['away', 'away', 0]);

  first.set(list, []);
  await pass(2_000);
  expect([seen('host-1'), seen('host-2')]).toEqual(['there', 'perhaps away']);
  await pass(10_000);
  expect(seen('host-2')).toBe('perhaps away');
  await pass(5_000);
  expect(seen('host-2')).toBe('away');
});
