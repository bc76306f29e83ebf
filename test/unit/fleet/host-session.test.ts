import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';

import { defaultDeadlines } from '../../../src/fleet/deadlines.ts';
import { HostSession } from '../../../src/fleet/host-session.ts';
import type { WireEvent } from '../../../src/fleet/wire.ts';
import { label } from '../../../src/model/labels.ts';
import { toContainerId } from '../../../src/model/names.ts';
import type { ContainerState } from '../../../src/model/observation.ts';
import type { Step, StepOutcome } from '../../../src/model/step.ts';
import { aHost, aStep } from '../../support/builders.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';
import {
  HandDrivenHost,
  inspectOf,
  pastEvents,
  wireContainer,
  wireRow,
} from './hand-driven-host.ts';

const never = new AbortController().signal;
const done: StepOutcome = { kind: 'done' };
const startOf = (id: string): string => `POST /containers/${id}/start`;
const stopOf = (id: string): string => `POST /containers/${id}/stop`;

const sessions: HostSession[] = [];

afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

interface Bench {
  readonly host: HandDrivenHost;
  readonly session: HostSession;
  /** Lets so much time pass. */
  readonly pass: (ms: number) => Promise<void>;
  readonly stateOf: (id: string) => ContainerState | undefined;
}

/** A session with a host on which these containers are, and which was observed once. */
async function open(
  containers: Readonly<Record<string, 'created' | 'running'>>,
  concurrency = 4,
): Promise<Bench> {
  const host = new HandDrivenHost();
  const clock = new VirtualClock(0);
  for (const [id, state] of Object.entries(containers)) {
    host.set(inspectOf(id), wireContainer(id, state));
    host.set(startOf(id), {});
    host.set(stopOf(id), {});
  }
  host.set('GET /containers/json', Object.keys(containers).map(wireRow));
  const session = new HostSession(aHost('host-1'), {
    clock,
    random: () => 0.5,
    connect: () => host,
    fleet: 'test',
    credentialsDir: null,
    key: null,
    logger: pino({ level: 'silent' }),
    concurrency,
    resyncMs: 60_000,
    pingMs: 15_000,
    deadlines: defaultDeadlines,
    onChange: () => {},
    onAway: () => Promise.resolve(),
    onBack: () => {},
  });
  sessions.push(session);
  await session.refresh(never);
  const pass = async (ms: number): Promise<void> => {
    const until = clock.now() + ms;
    while (await clock.step(until));
  };
  const stateOf = (id: string): ContainerState | undefined => {
    const { observation } = session;
    if (observation.kind === 'unreachable') throw new Error(observation.reason);
    return observation.containers.find((container) => container.id === id)?.state;
  };
  return { host, session, pass, stateOf };
}

function start(id: string): Step {
  const guard = { id: toContainerId(id), self: id, states: ['created'] as const };
  return aStep({ kind: 'start-container', guard, name: id, service: null }, { key: id });
}

function stop(id: string): Step {
  const guard = { id: toContainerId(id), self: id, states: ['running'] as const };
  return aStep({ kind: 'stop-container', guard, name: id, graceMs: null }, { key: id });
}

function happened(id: string, action: string): WireEvent {
  return { Type: 'container', Action: action, Actor: { ID: id } };
}

it('a step does not wait for a container that another step starts', async () => {
  const { host, session, pass, stateOf } = await open({ new: 'created', old: 'running' });
  host.hold(startOf('new'));
  const starting = session.execute(start('new'), never);
  const asked = await host.asked(startOf('new'));
  // As the engine does: no answer about a container before its start is over.
  host.hold(inspectOf('new'));
  await host.emit(happened('new', 'start'));
  await pass(20);
  host.hold(stopOf('old'));
  const stopping = session.execute(stop('old'), never);
  const stopped = await host.asked(stopOf('old'));
  host.set(inspectOf('old'), wireContainer('old', 'exited'));

  await stopped.answer({});

  expect(await stopping).toEqual(done);
  expect(stateOf('old')).toBe('exited');
  host.set(inspectOf('new'), wireContainer('new', 'running'));
  await asked.answer({});
  expect(await starting).toEqual(done);
  expect(stateOf('new')).toBe('running');
});

it('events about others are followed while a container is left to its step', async () => {
  const { host, session, pass, stateOf } = await open({ new: 'created', old: 'running' });
  host.hold(startOf('new'));
  const starting = session.execute(start('new'), never);
  const asked = await host.asked(startOf('new'));
  const before = host.count(inspectOf('new'));
  host.set(inspectOf('old'), wireContainer('old', 'exited'));

  await host.emit(happened('new', 'start'));
  await host.emit(happened('old', 'die'));
  await pass(20);

  expect(stateOf('old')).toBe('exited');
  expect(host.count(inspectOf('new'))).toBe(before);
  await asked.answer({});
  await starting;
});

it('the place in the queue is free while what came of a step is read', async () => {
  const { host, session } = await open({ a: 'running', b: 'running' }, 1);
  host.hold(stopOf('a'));
  const first = session.execute(stop('a'), never);
  const asked = await host.asked(stopOf('a'));
  host.hold(inspectOf('a'));
  await asked.answer({});
  const reread = await host.asked(inspectOf('a'));

  expect(await session.execute(stop('b'), never)).toEqual(done);

  await reread.answer(wireContainer('a', 'exited'));
  expect(await first).toEqual(done);
});

it('a step resolves when what it did is shown, and not before', async () => {
  const { host, session, pass, stateOf } = await open({ a: 'running' });
  host.hold(stopOf('a'));
  const shown: (ContainerState | undefined)[] = [];
  const run = async (): Promise<void> => {
    await session.execute(stop('a'), never);
    shown.push(stateOf('a'));
  };
  const stopping = run();
  const asked = await host.asked(stopOf('a'));
  host.hold(inspectOf('a'));
  await asked.answer({});
  const reread = await host.asked(inspectOf('a'));
  await pass(1_000);
  expect(shown).toEqual([]);

  await reread.answer(wireContainer('a', 'exited'));
  await stopping;

  expect(shown).toEqual(['exited']);
});

it('an event before the last look of its step asks for no other', async () => {
  const { host, session, pass } = await open({ a: 'running' });
  host.hold(stopOf('a'));
  const stopping = session.execute(stop('a'), never);
  const asked = await host.asked(stopOf('a'));
  await host.emit(happened('a', 'die'));
  await asked.answer({});
  await stopping;
  const looks = host.count(inspectOf('a'));

  await pass(100);

  expect(host.count(inspectOf('a'))).toBe(looks);
});

it('an event after the last look of its step is not lost', async () => {
  const { host, session, pass, stateOf } = await open({ a: 'created' });
  host.hold(startOf('a'));
  const starting = session.execute(start('a'), never);
  const asked = await host.asked(startOf('a'));
  host.hold(inspectOf('a'));
  await asked.answer({});
  const reread = await host.asked(inspectOf('a'));
  await host.emit(happened('a', 'die'));
  host.set(inspectOf('a'), wireContainer('a', 'exited'));
  await reread.answer(wireContainer('a', 'running'));
  await starting;
  expect(stateOf('a')).toBe('running');

  await pass(20);

  expect(stateOf('a')).toBe('exited');
});

it('a death does not stay hidden behind a step that hangs', async () => {
  const { host, session, pass, stateOf } = await open({ a: 'running' });
  host.hold(stopOf('a'));
  const stopping = session.execute(stop('a'), never);
  const asked = await host.asked(stopOf('a'));
  host.set(inspectOf('a'), wireContainer('a', 'exited'));
  await host.emit(happened('a', 'die'));

  await pass(2_100);

  expect(stateOf('a')).toBe('exited');
  await asked.answer({});
  await stopping;
});

it('a step whose last look fails leaves no picture from before it', async () => {
  const { host, session } = await open({ a: 'running' });
  host.hold(stopOf('a'));
  const stopping = session.execute(stop('a'), never);
  const asked = await host.asked(stopOf('a'));
  host.hold(inspectOf('a'));
  await asked.answer({});
  const reread = await host.asked(inspectOf('a'));

  await reread.fail('the connection broke');

  expect(await stopping).toEqual(done);
  expect(session.observation).toMatchObject({
    kind: 'unreachable',
    reason: 'the connection broke',
  });
});

it('a step that ends between two connections is shown by the next one, asked after its end', async () => {
  const { host, session, stateOf } = await open({ a: 'running' });
  host.hold(stopOf('a'));
  const stopping = session.execute(stop('a'), never);
  const asked = await host.asked(stopOf('a'));
  host.hold(inspectOf('a'));
  await host.hangUp();
  const before = await host.asked(inspectOf('a'));
  host.set(inspectOf('a'), wireContainer('a', 'exited'));
  await asked.answer({});

  await before.answer(wireContainer('a', 'running'));

  expect(await stopping).toEqual(done);
  expect(stateOf('a')).toBe('exited');
});

it('a host is away since it last answered, however old its picture is', async () => {
  const { host, session, pass } = await open({ a: 'running' });
  await pass(31_000);
  host.hold('GET /_ping');
  const first = host.asked('GET /_ping');
  await pass(15_000);
  await (await first).fail('no answer');
  const again = host.asked('GET /_ping');

  await (await again).fail('no answer');

  expect(session.observation).toMatchObject({ kind: 'unreachable', since: 30_000 });
});

function told(id: string, action: string, timeNano: number): WireEvent {
  const Attributes = { [label.fleet]: 'test' };
  return { Type: 'container', Action: action, Actor: { ID: id, Attributes }, timeNano };
}

function changesOf({ session }: Bench): readonly string[] {
  const { observation } = session;
  if (observation.kind === 'unreachable') throw new Error(observation.reason);
  return (observation.changes ?? []).map(({ kind, container }) => `${kind} ${container ?? ''}`);
}

it('what others do is observed, and what our own step does is not', async () => {
  const bench = await open({ a: 'running', b: 'running' });
  const { host, session, pass } = bench;
  host.hold(stopOf('a'));
  const stopping = session.execute(stop('a'), never);
  const asked = await host.asked(stopOf('a'));
  await host.emit(told('a', 'kill', 1_000_000));
  await host.emit(told('a', 'die', 2_000_000));
  await host.emit(told('b', 'die', 3_000_000));
  host.set(inspectOf('a'), wireContainer('a', 'exited'));
  host.set(inspectOf('b'), wireContainer('b', 'exited'));
  await asked.answer({});
  await stopping;
  await pass(1_000);

  expect(changesOf(bench)).toEqual(['die b']);
});

it('what happened while the connection was cut is asked for with the next one', async () => {
  const bench = await open({ a: 'running' });
  const { host, pass } = bench;
  await host.emit(told('a', 'update', 1_000_000));
  host.set(pastEvents, [told('a', 'update', 1_000_000), told('a', 'pause', 2_000_000)]);

  await host.hangUp();
  await pass(2_000);

  expect(changesOf(bench)).toEqual(['update a', 'pause a']);
});

const statsOf = (id: string): string => `GET /containers/${id}/stats`;

it('what a container uses is read at once, with the time at which that was so', async () => {
  const { host, session } = await open({ web: 'running' });
  host.set(statsOf('web'), {
    read: '2026-01-01T00:00:02.5Z',
    cpu_stats: { cpu_usage: { total_usage: 1_500 } },
  });

  expect(await session.usage(toContainerId('web'), never)).toEqual({
    at: Date.UTC(2026, 0, 1, 0, 0, 2, 500),
    usedNs: 1_500,
  });
});

it.each([
  ['does not run', { read: '0001-01-01T00:00:00Z', cpu_stats: { cpu_usage: { total_usage: 0 } } }],
  ['is told of without its time', { cpu_stats: { cpu_usage: { total_usage: 9 } } }],
  ['is not there', null],
])('what a container uses that %s is not known', async (_name, body) => {
  const { host, session } = await open({ web: 'running' });
  host.set(statsOf('web'), body);

  expect(await session.usage(toContainerId('web'), never)).toBeNull();
});

it('four containers are measured at once, and one that does not answer holds up nothing for long', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const { host, session, pass } = await open(
    Object.fromEntries(names.map((name) => [name, 'running'] as const)),
  );
  for (const name of names) host.hold(statsOf(name));
  const readings = names.map((name) => session.usage(toContainerId(name), never));
  await pass(0);
  expect(names.map((name) => host.count(statsOf(name)))).toEqual([1, 1, 1, 1, 0]);
  await (
    await host.asked(statsOf('a'))
  ).answer({
    read: '2026-01-01T00:00:00Z',
    cpu_stats: { cpu_usage: { total_usage: 7 } },
  });
  await pass(0);
  expect(host.count(statsOf('e'))).toBe(1);
  await (await host.asked(statsOf('e'))).fail('the connection broke');

  expect(await readings[0]).toMatchObject({ usedNs: 7 });
  expect(await readings[4]).toBeNull();
});
