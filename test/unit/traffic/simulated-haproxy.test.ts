import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { TrafficChange } from '../../../src/model/traffic.ts';
import { changeCommands, readCommands } from '../../../src/traffic/haproxy-commands.ts';
import { parseAnswer } from '../../../src/traffic/haproxy-answer.ts';
import { answerLine, startHaproxy, type Haproxy } from '../../simulation/engine/haproxy.ts';
import { eventually } from '../../support/eventually.ts';
import { LoopbackProxy } from '../../support/loopback-proxy.ts';

const backend = 'shop:web';
const one = { backend, name: 'host-1:shop-web-1:111111111111', address: '127.0.0.1', port: 8_101 };
const other = { ...one, name: 'host-2:shop-web-2:222222222222', port: 8_102 };
const key = 'shop.example.com/';

const admit = (endpoint: typeof one): TrafficChange => ({ kind: 'admit-endpoint', endpoint });
const withdraw = (endpoint: typeof one): TrafficChange => ({ kind: 'withdraw-endpoint', endpoint });
const remove = (endpoint: typeof one): TrafficChange => ({ kind: 'remove-endpoint', endpoint });
const toRoute = (to: string | null, isNew = true): TrafficChange => ({
  kind: 'route-requests',
  key,
  backend: to,
  isNew,
});

/** What the two are told one after the other. */
const stories: Readonly<Record<string, readonly TrafficChange[]>> = {
  nothing: [],
  'who comes and goes': [admit(one), admit(other), withdraw(one), remove(one)],
  'what is done again': [admit(one), admit(one), withdraw(one), withdraw(one), remove(one)],
  'who is gone already': [remove(one), withdraw(one)],
  'who comes again': [admit(one), withdraw(one), admit(one), remove(one), admit(one)],
  'who is somewhere else': [admit(one), admit({ ...one, port: 8_103 })],
  'who has another address': [admit(one), admit({ ...one, address: '127.0.0.2' })],
  'who has both': [admit(one), admit({ ...one, address: '127.0.0.2', port: 8_103 })],
  'a backend that it does not have': [
    admit({ ...one, backend: 'other:web' }),
    remove({ ...one, backend: 'other:web' }),
  ],
  'a route that comes, changes and goes': [
    toRoute(backend),
    toRoute('api:web', false),
    toRoute(null),
    toRoute(null),
  ],
  'a route that is added twice': [toRoute(backend), toRoute(backend), toRoute('api:web', false)],
  'a route that was to be there': [toRoute(backend, false)],
};

/** A real one and the simulated one, told the same: where they differ, the simulated one is wrong. */
describe('the simulated HAProxy, beside a real one', () => {
  let real: LoopbackProxy;
  let simulated: Haproxy;
  let lastMs = 0;
  let isServed = true;

  beforeEach(async () => {
    lastMs = 0;
    isServed = true;
    real = await LoopbackProxy.start('haproxy', [backend, 'api:web']);
    simulated = startHaproxy(real.configuration, {
      now: () => 0,
      lastRequestsMs: () => lastMs,
      isThere: () => isServed,
    });
  });
  afterEach(() => real[Symbol.asyncDispose]());

  /** Their words, with what they say of themselves read as it always is. */
  const tell = async (commands: readonly string[]): Promise<void> => {
    const said = await real.say(commands.join('; '));
    const line = answerLine(simulated, commands.join('; '));
    expect(line).toBe(said);
    const reading = readCommands(real.routes).join('; ');
    expect(known(answerLine(simulated, reading))).toEqual(known(await real.say(reading)));
  };

  it.each(Object.entries(stories))('takes %s in the same words', async (_name, changes) => {
    for (const change of changes) await tell(changeCommands(change, real.routes));
  });

  it('deletes nobody who may have requests, or has some', async () => {
    const server = await openSilentServer();
    const { port } = server.address() as AddressInfo;
    const busy = { ...one, port };
    const deletion = `del server ${backend}/${one.name}`;
    await tell(changeCommands(admit(busy), real.routes));
    await tell(changeCommands(toRoute(backend), real.routes));
    await tell([deletion]);
    lastMs = 1;
    const headers = { host: 'shop.example.com' };
    const call = request({ host: '127.0.0.1', port: real.port, headers, agent: false });
    call.on('error', () => {}).end();
    await eventually('it has the request', async () => (isHeld(server) ? true : null));

    await tell(changeCommands(withdraw(busy), real.routes));
    expect(await real.say(readCommands(real.routes).join('; '))).toContain(one.name);
    await tell(changeCommands(remove(busy), real.routes));
    server.closeAllConnections();
    server.close();
    isServed = false;
    await eventually('its connection has ended', async () => {
      const said = parseAnswer(await real.say(readCommands(real.routes).join('; ')));
      return typeof said !== 'string' && said.state.servers[0]?.sessions === 0 ? true : null;
    });
    await tell([deletion]);
    call.destroy();
  });

  it('knows no other map', async () => {
    expect(answerLine(simulated, 'show map /nowhere')).toBe(await real.say('show map /nowhere'));
  });
});

/** What the simulation goes by: nobody counts requests there. */
function known(answer: string): object {
  const read = parseAnswer(answer);
  if (typeof read === 'string') throw new Error(read);
  const servers = read.state.servers.map(({ requests: _count, ...server }) => server);
  return { ...read, state: { ...read.state, servers } };
}

const held = new WeakSet<Server>();

function isHeld(server: Server): boolean {
  return held.has(server);
}

/** Takes requests and never answers. */
async function openSilentServer(): Promise<Server> {
  const server = createServer(() => held.add(server));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
