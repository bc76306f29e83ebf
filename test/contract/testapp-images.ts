import type { Behaviour, Invocation } from '../simulation/engine/behaviour.ts';
import type { ImageDefinition } from '../simulation/engine/registry.ts';
import { testImages, toArchiveImage } from '../../src/sandbox/test-images.ts';

/** The test images of the sandbox as the simulated engine has them, by tag. */
export const testappImages: ReadonlyMap<string, ImageDefinition> = new Map(
  testImages.map((image): [string, ImageDefinition] => {
    const { command, environment, exposedPorts, healthcheck, architecture } = toArchiveImage(
      image,
      'amd64',
    );
    const check = healthcheck && {
      Test: healthcheck.test,
      Interval: healthcheck.intervalMs * 1e6,
      Timeout: healthcheck.timeoutMs * 1e6,
      Retries: healthcheck.retries,
    };
    const config = {
      Cmd: command,
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ExposedPorts: Object.fromEntries(exposedPorts.map((port) => [port, {}])),
      WorkingDir: '/',
      ...(check === null ? {} : { Healthcheck: check }),
    };
    const programs = ['testapp', '/bin/testapp'];
    return [image.tag, { config, architecture, behaviour: behaveLikeTestapp, programs, users: [] }];
  }),
);

/** What testapp.c does with its environment. */
function behaveLikeTestapp({ environment }: Invocation): Behaviour {
  const values = new Map(
    environment.map((entry): [string, string] => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
  const number = (name: string): number | undefined => {
    const value = values.get(name);
    return value === undefined || value === '' ? undefined : Number(value);
  };
  const exitCode = number('EXIT_CODE');
  const crashAfterMs = number('CRASH_AFTER_MS');
  const failsAfterMs = values.get('HEALTH') === 'fail' ? 0 : number('HEALTH_FAIL_AFTER_MS');
  return {
    checksOnlyLife: true,
    listensAfterMs: number('START_DELAY_MS') ?? 0,
    readyAfterMs: number('READY_DELAY_MS') ?? 0,
    ignoresTerm: values.get('ON_TERM') === 'ignore',
    stopsInMs: number('DRAIN_MS') ?? 5,
    ...(failsAfterMs === undefined ? {} : { failsAfterMs }),
    ...(crashAfterMs === undefined ? {} : { exits: { afterMs: crashAfterMs, code: 1 } }),
    ...(exitCode === undefined ? {} : { exits: { afterMs: 0, code: exitCode } }),
  };
}
