import type { ImageConfig, ImageDefinition } from './engine/registry.ts';
import { SimulatedRegistry } from './engine/registry.ts';

/** Names of applications, in the order in which they come. */
export const applicationNames = ['shop', 'blog', 'wiki', 'mail', 'feed'];

/** How the instances of a service show that they are ready. */
export type GateKind = 'http' | 'tcp' | 'checked' | 'plain';

const port = { ExposedPorts: { '8080/tcp': {} } };
const second = 1_000_000_000;
const config: ImageConfig = { ...port, Cmd: ['/app'], Env: ['PATH=/bin'] };
const checked: ImageConfig = {
  ...config,
  Healthcheck: {
    Test: ['CMD', '/app', 'check'],
    Interval: 2 * second,
    Timeout: second,
    Retries: 2,
  },
};

/** Programs that serve as they should. */
const good: Readonly<Record<string, ImageDefinition>> = {
  'web:1': { config, behaviour: { listensAfterMs: 200 } },
  'web:2': { config, behaviour: { listensAfterMs: 900 } },
  'web:3': { config, behaviour: { listensAfterMs: 400, stopsInMs: 2_500 } },
  'web:4': { config, behaviour: { listensAfterMs: 100, readyAfterMs: 4_000 } },
  'web:deaf': { config, behaviour: { listensAfterMs: 300, ignoresTerm: true } },
};

const goodChecked: Readonly<Record<string, ImageDefinition>> = {
  'checked:1': { config: checked, behaviour: { listensAfterMs: 300 } },
  'checked:2': { config: checked, behaviour: { listensAfterMs: 2_500, stopsInMs: 1_000 } },
};

/** Programs that fail whatever is asked of them. */
const bad: Readonly<Record<string, ImageDefinition>> = {
  'bad:exits': { config, behaviour: { exits: { afterMs: 120, code: 1 } } },
  'bad:exits-well': { config, behaviour: { exits: { afterMs: 120, code: 0 } } },
  'bad:exits-late': {
    config,
    behaviour: { listensAfterMs: 100, exits: { afterMs: 3_500, code: 3 } },
  },
  'bad:memory': { config, behaviour: { listensAfterMs: 100, outOfMemoryAfterMs: 700 } },
  'bad:command': { config, programs: [] },
  'bad:user': { config: { ...config, User: 'ghost' }, users: [] },
  'bad:platform': { config, architecture: 'arm64' },
};

/** Programs that fail at a probe of their port. */
const badOnPort: Readonly<Record<string, ImageDefinition>> = {
  'mute:1': { config, behaviour: { listensAfterMs: 10 ** 9 } },
};

const badOverHttp: Readonly<Record<string, ImageDefinition>> = {
  'sick:1': { config, behaviour: { listensAfterMs: 100, readyAfterMs: null } },
  'sick:flaps': { config, behaviour: { listensAfterMs: 100, flapsEveryMs: 700 } },
  'sick:hangs': { config, behaviour: { listensAfterMs: 100, hangsAfterMs: 300 } },
};

const badWhenChecked: Readonly<Record<string, ImageDefinition>> = {
  'checked:sick': { config: checked, behaviour: { listensAfterMs: 100, readyAfterMs: null } },
  'checked:turns': { config: checked, behaviour: { listensAfterMs: 100, failsAfterMs: 2_600 } },
};

const jobs: Readonly<Record<string, ImageDefinition>> = {
  'job:1': { config, behaviour: { exits: { afterMs: 900, code: 0 } } },
  'job:2': { config, behaviour: { exits: { afterMs: 2_200, code: 0 } } },
};

const badJobs: Readonly<Record<string, ImageDefinition>> = {
  'job:fails': { config, behaviour: { exits: { afterMs: 600, code: 2 } } },
};

const proxies: Readonly<Record<string, ImageDefinition>> = {
  'haproxy:1': { config, behaviour: { isHaproxy: true, listensAfterMs: 100 } },
  'haproxy:2': { config, behaviour: { isHaproxy: true, listensAfterMs: 700, stopsInMs: 1_500 } },
};

const badProxy: Readonly<Record<string, ImageDefinition>> = {
  'haproxy:mute': { config, behaviour: { isHaproxy: true, listensAfterMs: 10 ** 9 } },
};

/** A tag that the registry does not know. */
const missing = 'missing:1';

export const goodImages: Readonly<Record<GateKind, readonly string[]>> = {
  http: Object.keys(good),
  tcp: Object.keys(good),
  checked: Object.keys(goodChecked),
  plain: Object.keys(good),
};

export const badImages: Readonly<Record<GateKind, readonly string[]>> = {
  http: [...Object.keys({ ...bad, ...badOnPort, ...badOverHttp }), missing],
  tcp: [...Object.keys({ ...bad, ...badOnPort }), missing],
  checked: [...Object.keys({ ...bad, ...badWhenChecked }), missing],
  plain: [...Object.keys(bad), missing],
};

export const goodJobs: readonly string[] = Object.keys(jobs);
export const badJobImages: readonly string[] = [...Object.keys(badJobs), 'bad:command', missing];

export const goodProxies: readonly string[] = Object.keys(proxies);
export const badProxies: readonly string[] = [...Object.keys({ ...bad, ...badProxy }), missing];

export const registryHost = 'registry.test:5000';

/** What somebody has run with Compose before there was an operator. */
export const composedImage = { name: 'web:1', definition: good['web:1'] ?? {} } as const;

/** Tags that may move. */
export const movingImages: readonly string[] = ['web:1', 'web:2', 'checked:1'];

/** Another image comes under a tag, with the program of the first one. */
export function moveTag(registry: SimulatedRegistry, image: string, times: number): void {
  const definition = { ...good, ...goodChecked }[image];
  const moved = { ...definition?.config, Labels: { moved: String(times) } };
  registry.publish(`${registryHost}/${image}`, { ...definition, config: moved });
}

/** A registry with all that scenarios use. */
export function openRegistry(): SimulatedRegistry {
  const registry = new SimulatedRegistry();
  const all = {
    ...good,
    ...goodChecked,
    ...bad,
    ...badOnPort,
    ...badOverHttp,
    ...badWhenChecked,
    ...jobs,
    ...badJobs,
    ...proxies,
    ...badProxy,
    'foreign:1': { config },
  };
  for (const [name, definition] of Object.entries(all)) {
    registry.publish(`${registryHost}/${name}`, definition);
  }
  return registry;
}
