import type { TrueContainer } from './census.ts';
import { moveTag } from './catalog.ts';
import type { Happening, PersonAct } from './happening.ts';
import type { SimulatedHost } from './simulated-host.ts';
import type { World } from './world.ts';
import { guestPrefix, strangers } from './world.ts';

/** What a happening in the world needs besides the world itself. */
export interface Stage {
  readonly world: World;
  readonly everywhere: () => readonly TrueContainer[];
  /** Something outside harms a container; whoever looks at it may think that it has failed by itself. */
  readonly hit: (container: TrueContainer, isItsFault: boolean) => void;
  /** Events of the host may get lost until then. */
  readonly stormy: (host: SimulatedHost, until: number) => void;
}

/** Happenings around the operator; those of the operator itself are its life's (see life.ts). */
export type WorldHappening = Exclude<Happening, { readonly kind: `operator-${string}` }>;

/** Lets something happen, and sees to it that it is over when its time has come. */
export function applyHappening(stage: Stage, what: WorldHappening): void {
  const { world } = stage;
  const { clock, trace, counts } = world;
  const tell = (who: string, text: string): void => trace.add(who, text);
  switch (what.kind) {
    case 'commit':
      return world.commit(what.model, what.subject);
    case 'git-away':
      tell('git', 'goes away');
      world.repository.isReachable = false;
      return void clock.after(what.ms, () => {
        world.repository.isReachable = true;
        tell('git', 'is back');
      });
    case 'storm':
      return beginStorm(stage, world.host(what.host), what.ms, what.force);
    case 'partition':
      counts.partitions += 1;
      counts.hostsLost += what.hosts.length;
      for (const name of what.hosts) {
        const { link } = world.host(name);
        tell(name, 'is cut off');
        link.cut();
        clock.after(what.ms, () => {
          tell(name, 'can be reached again');
          link.heal();
        });
      }
      return;
    case 'daemon-killed':
    case 'power-cycle':
      return loseHost(stage, world.host(what.host), what.kind, what.downMs);
    case 'host-marked':
      return world.mark(what.host, what.mark);
    case 'host-fenced': {
      const kind = what.isFenced ? 'fence' : 'unfence';
      tell(what.host, `somebody says ${kind}`);
      return world.store.ask(kind, what.host, clock.now());
    }
    case 'disk-full': {
      const { engine } = world.host(what.host);
      tell(what.host, 'disk is full');
      engine.diskFull = true;
      return void clock.after(what.ms, () => {
        tell(what.host, 'disk has room again');
        engine.diskFull = false;
      });
    }
    case 'registry-away':
      for (const name of what.hosts) {
        const { engine } = world.host(name);
        tell(name, 'cannot reach the registry');
        engine.registryReachable = false;
        clock.after(what.ms, () => {
          tell(name, 'reaches the registry again');
          engine.registryReachable = true;
        });
      }
      return;
    case 'tag-moves':
      tell('registry', `${what.image} moves`);
      return moveTag(world.registry, what.image, what.times);
    case 'person':
      return letPersonAct(stage, what.act, what.which);
    case 'proxy-trouble':
      return troubleProxy(stage, what);
    case 'crash':
      return crash(stage, what.which, what.isMemory);
    case 'port-taken':
      return takePort(stage, world.host(what.host), what.port, what.ms);
  }
}

function beginStorm(stage: Stage, host: SimulatedHost, ms: number, force: number): void {
  const { clock, trace, scenario } = stage.world;
  trace.add(host.name, `storm of force ${force}`);
  host.link.rage(force);
  // What was lost in it is known after the next full list, which itself may take a while.
  stage.stormy(host, clock.now() + ms + scenario.resyncMs * 1.1 + 60_000);
  clock.after(ms, () => {
    trace.add(host.name, 'storm is over');
    host.link.calm(scenario.latencyMs);
  });
}

function loseHost(
  stage: Stage,
  host: SimulatedHost,
  kind: 'daemon-killed' | 'power-cycle',
  downMs: number,
): void {
  const { world } = stage;
  if (host.state !== 'up') return;
  world.counts.reboots += 1;
  for (const container of containersOf(stage, host))
    if (container.isLive) stage.hit(container, false);
  world.trace.add(host.name, kind === 'power-cycle' ? 'loses its power' : 'dockerd is killed');
  if (kind === 'power-cycle') host.powerOff();
  else host.killDaemon();
  world.clock.after(downMs, () => {
    world.trace.add(host.name, kind === 'power-cycle' ? 'boots' : 'dockerd starts');
    // It is only known what has survived when the daemon looks, and stops the rest.
    for (const container of containersOf(stage, host))
      if (container.isLive) stage.hit(container, false);
    if (kind === 'power-cycle') host.powerOn();
    else host.startDaemon();
  });
}

function containersOf(stage: Stage, host: SimulatedHost): readonly TrueContainer[] {
  return stage.everywhere().filter((container) => container.host === host);
}

function pick(stage: Stage, which: number, isLive: boolean | null): TrueContainer | null {
  const candidates = stage
    .everywhere()
    .filter((one) => one.identity !== null && (isLive === null || one.isLive === isLive));
  return candidates[which % Math.max(1, candidates.length)] ?? null;
}

function letPersonAct(stage: Stage, act: PersonAct, which: number): void {
  const isLive = act === 'start' ? false : act === 'remove' ? null : true;
  const container = pick(stage, which, isLive);
  if (container === null) return;
  // Whoever gives a container on probation a restart policy promotes it himself.
  if (act === 'restart-policy' && container.raw.restart === 'no') return;
  const { id, name, host } = container;
  const { person } = host.engine;
  stage.world.trace.add(host.name, `somebody does "${act}" to ${name}`);
  stage.hit(container, true);
  switch (act) {
    case 'stop':
      return person.stop(id);
    case 'kill':
      return person.kill(id);
    case 'remove':
      return person.remove(id);
    case 'pause':
      return person.pause(id);
    case 'start':
      return person.start(id);
    case 'rename':
      return person.rename(id, `renamed-${which}`);
    case 'disconnect':
      return person.disconnect(id, `${container.identity?.application ?? ''}_default`);
    case 'restart-policy':
      return person.update(id, { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } });
  }
}

function crash(stage: Stage, which: number, isMemory: boolean): void {
  const running = pick(stage, which, true);
  if (running === null || running.raw.status !== 'running') return;
  stage.world.trace.add(running.host.name, `${running.name} crashes`);
  stage.hit(running, true);
  if (isMemory) running.host.engine.oom(running.id);
  else running.host.engine.crash(running.id, 139);
}

function troubleProxy(
  stage: Stage,
  { trouble, which, ms }: Extract<Happening, { readonly kind: 'proxy-trouble' }>,
): void {
  const proxies = stage.everywhere().filter(({ raw }) => raw.haproxy !== null && raw.isRunning);
  const proxy = proxies[which % Math.max(1, proxies.length)];
  if (proxy === undefined) return;
  const { host, id, name } = proxy;
  stage.world.trace.add(host.name, `${name}: ${trouble} for ${ms} ms`);
  if (trouble !== 'crash') return host.engine.troubleProxy(id, trouble, ms);
  stage.hit(proxy, true);
  host.engine.crash(id, 139);
}

/** Somebody runs something of his own on a port that we may want. */
function takePort(stage: Stage, host: SimulatedHost, port: number, ms: number): void {
  const { clock, trace } = stage.world;
  const [{ image }] = strangers;
  const name = `${guestPrefix}${port}-${clock.now()}`;
  const id = host.engine.person.run(image, name, {}, [{ target: 8080, published: port }]);
  if (id === null) return;
  trace.add(host.name, `somebody takes port ${port}`);
  const leave = (): void => {
    if (host.engine.daemon !== 'up') return void clock.after(1_000, leave);
    trace.add(host.name, `port ${port} is free again`);
    host.engine.person.remove(id);
  };
  clock.after(ms, leave);
}
