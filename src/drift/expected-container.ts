import type { ContainerSpec, HealthcheckSpec } from '../model/container.ts';
import type { ImageDefaults } from '../model/observation.ts';

/**
 * What `inspect` must show for a container made from `spec` and an image: the engine merges the image's defaults into
 * what it was sent, by the rules of moby's daemon/commit.go.
 */
export function expectedContainer(spec: ContainerSpec, image: ImageDefaults): ContainerSpec {
  // An entrypoint of one's own drops the image's command.
  const inheritsCommand = spec.command === null && spec.entrypoint === null;
  return {
    ...spec,
    command: emptyIsNull(inheritsCommand ? image.command : spec.command),
    entrypoint: emptyIsNull(spec.entrypoint ?? image.entrypoint),
    environment: { ...image.environment, ...spec.environment },
    labels: { ...image.labels, ...spec.labels },
    user: spec.user ?? (image.user === '' ? null : image.user),
    workingDir: cleanPath(spec.workingDir ?? image.workingDir),
    healthcheck: expectedHealthcheck(spec.healthcheck, image.healthcheck),
    stopSignal: spec.stopSignal ?? (image.stopSignal === '' ? null : image.stopSignal),
    expose: [...new Set([...image.expose, ...spec.expose])].toSorted(),
  };
}

/** Merged field by field; a disabled check inherits nothing. */
function expectedHealthcheck(
  own: HealthcheckSpec | null,
  image: HealthcheckSpec | null,
): HealthcheckSpec | null {
  if (own === null || image === null) return own ?? image;
  if (own.test?.[0] === 'NONE') return own;
  return {
    test: own.test ?? image.test,
    intervalMs: own.intervalMs ?? image.intervalMs,
    timeoutMs: own.timeoutMs ?? image.timeoutMs,
    startPeriodMs: own.startPeriodMs ?? image.startPeriodMs,
    startIntervalMs: own.startIntervalMs ?? image.startIntervalMs,
    retries: own.retries ?? image.retries,
  };
}

function emptyIsNull(words: readonly string[] | null): readonly string[] | null {
  return words === null || words.length === 0 ? null : words;
}

function cleanPath(path: string): string | null {
  if (path === '') return null;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return `/${parts.join('/')}`;
}
