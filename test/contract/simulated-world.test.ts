import { expect, it } from 'vitest';

import { classifyRefusal } from '../../src/fleet/classify-failure.ts';
import { isPending } from '../simulation/engine/api.ts';
import type { ApiRequest, ApiResponse } from '../simulation/engine/api.ts';
import type { Behaviour } from '../simulation/engine/behaviour.ts';
import { SimulatedRegistry } from '../simulation/engine/registry.ts';
import { SimulatedEngine } from '../simulation/engine/simulated-engine.ts';
import { Random } from '../simulation/random.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';

/** What of the simulated engine no real one can be asked for: the world around it, and what it is to a test. */

const startAt = Date.UTC(2026, 0, 1);

function aWorld(
  options: {
    readonly behaviour?: Behaviour;
    readonly skewMs?: number;
    readonly check?: boolean;
  } = {},
): World {
  return new World(options.behaviour ?? {}, options.skewMs ?? 0, options.check === true);
}

class World {
  readonly clock = new VirtualClock(startAt);
  readonly registry = new SimulatedRegistry();
  readonly engine: SimulatedEngine;
  /** Times at which something happened. */
  steps = 0;

  constructor(behaviour: Behaviour, skewMs: number, isChecked: boolean) {
    const Healthcheck = { Test: ['CMD', 'check'], Interval: 1e9, Retries: 2 };
    const config = { ExposedPorts: { '80/tcp': {} }, ...(isChecked ? { Healthcheck } : {}) };
    const { clock, registry } = this;
    const random = new Random(7).next;
    this.engine = new SimulatedEngine({ name: 'host-1', clock, skewMs, random, registry });
    this.engine.load('app:1', { config, behaviour });
  }

  async sleep(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    while (await this.clock.step(until)) this.steps += 1;
  }

  async ask(method: ApiRequest['method'], url: string, body: object = {}): Promise<ApiResponse> {
    const [answer] = await this.askAll([toRequest(method, url, body)]);
    if (answer === undefined) throw new Error(`${method} ${url} was not answered`);
    return answer;
  }

  /** Asks all at once, and waits a minute for the answers. Gives those that came, in the order of the requests. */
  async askAll(requests: readonly ApiRequest[]): Promise<readonly ApiResponse[]> {
    const answers = new Map<ApiRequest, ApiResponse>();
    for (const request of requests) {
      const answer = this.engine.handle(request);
      if (isPending(answer)) void answer.later.then((later) => answers.set(request, later));
      else answers.set(request, answer);
    }
    const end = this.clock.now() + 60_000;
    while (answers.size < requests.length && (await this.clock.step(end)));
    return requests.flatMap((request) => answers.get(request) ?? []);
  }

  async run(name: string, policy = 'no'): Promise<void> {
    const HostConfig = {
      RestartPolicy: { Name: policy },
      PortBindings: { '80/tcp': [{ HostPort: '8080' }] },
    };
    await this.ask('POST', `/containers/create?name=${name}`, { Image: 'app:1', HostConfig });
    await this.ask('POST', `/containers/${name}/start`);
  }
}

function toRequest(method: ApiRequest['method'], url: string, body: object = {}): ApiRequest {
  const [path = '', search = ''] = url.split('?');
  const query = Object.fromEntries(new URLSearchParams(search));
  return { method, path, query, body, archive: null };
}

const pullRequest = '/images/create?fromImage=registry.example.com/shop/web&tag=1';

it('a pull brings the image under its tag and its digest', async () => {
  const world = aWorld();
  const digest = world.registry.publish('registry.example.com/shop/web:1', {});

  const answer = await world.ask('POST', pullRequest);

  expect(answer.status).toBe(200);
  for (const name of [
    'registry.example.com/shop/web:1',
    `registry.example.com/shop/web@${digest}`,
  ]) {
    expect((await world.ask('GET', `/images/${name}/json`)).body).toMatchObject({
      RepoTags: ['registry.example.com/shop/web:1'],
      RepoDigests: [`registry.example.com/shop/web@${digest}`],
    });
  }
  expect(world.engine.mutations).toBe(1);
});

it('a tag that moves brings another image', async () => {
  const world = aWorld();
  const idOf = async (): Promise<unknown> => {
    await world.ask('POST', pullRequest);
    const answer = await world.ask('GET', '/images/registry.example.com/shop/web:1/json');
    return (answer.body as { readonly Id: string }).Id;
  };
  world.registry.publish('registry.example.com/shop/web:1', {});
  const first = await idOf();

  world.registry.publish('registry.example.com/shop/web:1', { config: { Env: ['A=1'] } });

  expect(await idOf()).not.toBe(first);
});

it('a registry says what a tag means, and a container is made from that digest', async () => {
  const world = aWorld();
  const image = 'registry.example.com/shop/web:1';
  const digest = world.registry.publish(image, {});

  const answer = await world.ask('GET', `/distribution/${image}/json`);

  expect(answer).toMatchObject({ status: 200, body: { Descriptor: { digest } } });
  await world.ask('POST', pullRequest);
  world.registry.publish(image, { config: { Env: ['A=1'] } });
  expect(await world.ask('GET', `/distribution/${image}/json`)).not.toMatchObject({
    body: { Descriptor: { digest } },
  });
  const found = await world.ask('GET', `/images/${image}@${digest}/json`);
  expect(found).toMatchObject({ status: 200, body: { RepoTags: [image] } });
});

it('a pull fails in words that say whose fault it is', async () => {
  const world = aWorld();
  const reasonOf = async (): Promise<string> => {
    const answer = await world.ask('POST', pullRequest);
    const { message } = answer.body as { readonly message: string };
    return classifyRefusal('pull', { status: answer.status, message, image: 'web', login: '' })
      .reason;
  };

  expect(await reasonOf()).toBe('ImageNotFound');
  world.engine.registryReachable = false;
  expect(await reasonOf()).toBe('RegistryUnavailable');
  world.engine.registryReachable = true;
  world.engine.diskFull = true;
  world.registry.publish('registry.example.com/shop/web:1', {});
  const late = await world.ask('POST', pullRequest);
  expect(late.status).toBe(200);
  expect(String(late.body)).toContain('no space left on device');
});

it('a pull ends when its client leaves', async () => {
  const world = aWorld();
  world.registry.publish('registry.example.com/shop/web:1', {});

  const answer = world.engine.handle(toRequest('POST', pullRequest));
  if (isPending(answer)) answer.cancel();
  await world.sleep(60_000);

  const image = await world.ask('GET', '/images/registry.example.com/shop/web:1/json');
  expect([isPending(answer), image.status]).toEqual([true, 404]);
});

it('a full disk takes nothing new, and lets everything old end', async () => {
  const world = aWorld();
  await world.run('web');
  await world.ask('POST', '/containers/create?name=fresh', { Image: 'app:1' });
  world.engine.diskFull = true;

  const refusals = await world.askAll([
    toRequest('POST', '/containers/create?name=other', { Image: 'app:1' }),
    toRequest('POST', '/containers/fresh/start'),
    toRequest('POST', '/volumes/create', { Name: 'data' }),
    toRequest('POST', '/networks/create', { Name: 'front' }),
  ]);

  expect(refusals).toHaveLength(4);
  for (const refused of refusals) {
    const { message } = refused.body as { readonly message: string };
    const judged = classifyRefusal('do it', {
      status: refused.status,
      message,
      image: '',
      login: '',
    });
    expect(judged.reason).toBe('DiskFull');
  }
  expect((await world.ask('POST', '/containers/web/stop')).status).toBe(204);
  expect((await world.ask('DELETE', '/containers/web')).status).toBe(204);
});

it('a port answers as its program does, whatever the daemon does', async () => {
  const world = aWorld({ behaviour: { listensAfterMs: 1_000, readyAfterMs: 3_000 } });
  const { engine } = world;
  expect(engine.probe(8080)).toBe('refused');
  await world.run('web');

  expect(engine.probe(8080)).toBe('refused');
  await world.sleep(1_500);
  expect(engine.probe(8080)).toBe('http-503');
  await world.sleep(1_500);
  expect(engine.probe(8080)).toBe('ok');
  engine.person.pause('web');
  expect(engine.probe(8080)).toBe('timeout');
  engine.person.unpause('web');
  engine.killDaemon();
  await world.sleep(60_000);
  expect(engine.probe(8080)).toBe('ok');
  engine.startDaemon();
  await world.sleep(60_000);
  expect(engine.probe(8080)).toBe('refused');
});

it.each<[string, Behaviour, readonly string[]]>([
  ['good', {}, ['ok', 'ok', 'ok', 'ok']],
  ['never ready', { readyAfterMs: null }, ['http-503', 'http-503', 'http-503', 'http-503']],
  ['bad later', { failsAfterMs: 1_500 }, ['ok', 'http-503', 'http-503', 'http-503']],
  ['flapping', { flapsEveryMs: 1_500 }, ['ok', 'http-503', 'ok', 'ok']],
  ['hanging', { hangsAfterMs: 2_500 }, ['ok', 'ok', 'timeout', 'timeout']],
  ['crashing', { exits: { afterMs: 2_500, code: 1 } }, ['ok', 'ok', 'refused', 'refused']],
  ['too big', { outOfMemoryAfterMs: 500 }, ['refused', 'refused', 'refused', 'refused']],
  [
    'bad on this host',
    { onHost: { name: 'host-1', behaviour: { readyAfterMs: null } } },
    ['http-503', 'http-503', 'http-503', 'http-503'],
  ],
  [
    'bad on another host',
    { onHost: { name: 'host-2', behaviour: { readyAfterMs: null } } },
    ['ok', 'ok', 'ok', 'ok'],
  ],
])('a program that is %s answers so, and truth() knows it', async (_name, behaviour, answers) => {
  const world = aWorld({ behaviour });
  await world.run('web');

  const seen: string[] = [];
  const ready: boolean[] = [];
  while (seen.length < answers.length) {
    await world.sleep(1_000);
    seen.push(world.engine.probe(8080));
    ready.push(world.engine.truth().containers[0]?.isReady === true);
  }

  expect(seen).toEqual(answers);
  expect(ready).toEqual(answers.map((answer) => answer === 'ok'));
});

it('the kernel kills for memory, which is no end on purpose', async () => {
  const world = aWorld();
  await world.run('web', 'unless-stopped');

  world.engine.oom('web');
  const { State } = (await world.ask('GET', '/containers/web/json')).body as {
    readonly State: object;
  };
  await world.sleep(2_000);

  expect(State).toMatchObject({ Status: 'restarting', OOMKilled: true, ExitCode: 137 });
  expect(world.engine.truth().containers).toMatchObject([
    { status: 'running', restartCount: 1, startedBy: 'restart-policy' },
  ]);
});

it('a person leaves traces, but no mutations', async () => {
  const world = aWorld();
  const { engine } = world;
  await world.run('web');
  const { mutations } = engine;

  engine.person.stop('web');
  await world.sleep(1_000);
  const stopped = engine.truth().containers[0];
  const id = engine.person.run('app:1', 'mine', { team: 'a' }, [{ target: 80, published: 9090 }]);
  engine.person.update('mine', { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } });
  engine.person.disconnect('mine', 'bridge');
  engine.person.rename('mine', 'ours');
  engine.person.remove('web');
  await world.sleep(1_000);

  expect(stopped).toMatchObject({ status: 'exited', startedBy: 'api', endedBy: 'person' });
  expect(engine.truth().containers).toMatchObject([
    {
      id,
      name: 'ours',
      labels: { team: 'a' },
      restart: 'always',
      createdBy: 'person',
      startedBy: 'person',
      open: [{ hostPort: 9090 }],
    },
  ]);
  expect(engine.mutations).toBe(mutations);
});

it('onMutation() is called after the effect and before the answer', async () => {
  const world = aWorld();
  const order: string[] = [];
  world.engine.onMutation((what) => {
    order.push(`${what}: ${world.engine.truth().containers[0]?.status ?? 'gone'}`);
  });

  await world.run('web');
  order.push('answered');
  await world.ask('POST', '/containers/web/start');
  await world.ask('POST', '/containers/web/stop');
  await world.ask('DELETE', '/containers/web');

  expect(order).toEqual([
    'create web: created',
    'start web: running',
    'answered',
    'tell web to stop: running',
    'stop web: exited',
    'remove web: gone',
  ]);
  expect(world.engine.mutations).toBe(5);
});

it('a start keeps everybody else waiting, and a removal the name', async () => {
  const world = aWorld();
  await world.ask('POST', '/containers/create?name=web', { Image: 'app:1' });

  const starts = await world.askAll([
    toRequest('POST', '/containers/web/start'),
    toRequest('POST', '/containers/web/start'),
    toRequest('POST', '/containers/web/stop'),
  ]);
  const removals = await world.askAll([
    toRequest('DELETE', '/containers/web'),
    toRequest('DELETE', '/containers/web'),
    toRequest('POST', '/containers/create?name=web', { Image: 'app:1' }),
  ]);

  expect(starts.map(({ status }) => status)).toEqual([204, 304, 204]);
  expect(removals.map(({ status }) => status)).toEqual([204, 409, 409]);
});

it('a daemon that starts answers late, one that is dead never', async () => {
  const world = aWorld();
  world.engine.killDaemon();
  expect(await world.askAll([toRequest('GET', '/_ping')])).toEqual([]);

  world.engine.startDaemon();
  expect(world.engine.daemon).toBe('starting');
  expect((await world.ask('GET', '/_ping')).status).toBe(200);
  expect(world.engine.daemon).toBe('up');
});

it('a request that a daemon died over is never answered, and has no effect later', async () => {
  const world = aWorld();
  await world.ask('POST', '/containers/create?name=web', { Image: 'app:1' });
  const answer = world.engine.handle(toRequest('POST', '/containers/web/start'));
  let isAnswered = false;
  if (isPending(answer)) void answer.later.then(() => (isAnswered = true));

  world.engine.killDaemon();
  world.engine.startDaemon();
  await world.sleep(60_000);

  expect(isAnswered).toBe(false);
  expect(world.engine.truth().containers[0]?.status).toBe('created');
  expect((await world.ask('POST', '/containers/web/start')).status).toBe(204);
});

it('a host writes down the time of its own clock', async () => {
  const world = aWorld({ skewMs: 3_600_000 });
  const info = await world.ask('GET', '/info');
  await world.run('web');

  const { SystemTime } = info.body as { readonly SystemTime: string };
  const { State } = (await world.ask('GET', '/containers/web/json')).body as {
    readonly State: { readonly StartedAt: string };
  };
  expect(Date.parse(SystemTime)).toBe(startAt + 3_600_000);
  expect(Date.parse(State.StartedAt)).toBe(world.clock.now() + 3_600_000);
});

it('probes that say the same are counted, not made', async () => {
  const world = aWorld({ behaviour: { failsAfterMs: 2 * 3_600_000 }, check: true });
  await world.run('web');
  const healthOf = async (): Promise<object> => {
    const answer = await world.ask('GET', '/containers/web/json');
    return (answer.body as { readonly State: { readonly Health: object } }).State.Health;
  };

  await world.sleep(3_600_000);
  expect(await healthOf()).toMatchObject({ Status: 'healthy', FailingStreak: 0 });
  await world.sleep(2 * 3_600_000);

  // An hour of probes, each an interval and its own 30 ms after the other.
  const { FailingStreak, Log } = (await healthOf()) as {
    readonly FailingStreak: number;
    readonly Log: readonly { readonly End: string }[];
  };
  expect(Math.abs(FailingStreak - 3_600_000 / 1_030)).toBeLessThan(2);
  expect(Log).toHaveLength(5);
  expect(world.clock.now() - Date.parse(Log.at(-1)?.End ?? '')).toBeLessThanOrEqual(1_030);
  expect(world.steps).toBeLessThan(20);
});

it('the same seed gives the same world', async () => {
  const first = await tellStory();

  expect(first.length).toBeGreaterThan(20);
  expect(await tellStory()).toEqual(first);
});

/** All events of a container that crashes again and again and loses its host once, and the end of it. */
async function tellStory(): Promise<readonly string[]> {
  const world = aWorld({ behaviour: { exits: { afterMs: 700, code: 3 } }, check: true });
  const story: string[] = [];
  world.engine.subscribe((event) => {
    story.push(`${world.clock.now()} ${JSON.stringify(event)}`);
  });
  await world.run('web', 'always');
  await world.sleep(20_000);
  world.engine.powerCycle();
  await world.sleep(120_000);
  return [...story, JSON.stringify(world.engine.truth())];
}
