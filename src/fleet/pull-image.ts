import type { StepOutcome } from '../model/step.ts';
import { withDeadline, withEither } from './deadline.ts';
import { enginePath } from './engine-path.ts';
import { EngineError } from './engine-error.ts';
import { readJsonLines } from './json-lines.ts';
import type { RegistryLogin } from './registry-login.ts';
import { splitReference } from './split-reference.ts';
import type { StepRun } from './step-run.ts';
import { done, failed } from './step-run.ts';
import type { WireImage } from './wire.ts';

/**
 * Makes sure that an image is on the host and fits its platform. One that is there already, under this name or digest, is
 * not asked for again, so a host needs no registry for the images it was given by hand.
 */
export async function pullImage(run: StepRun, image: string): Promise<StepOutcome> {
  const present = await inspectImage(run, image);
  if (present !== null) return checkPlatform(run, image, present);
  const login = await run.loginFor(image);
  if (login.kind === 'unusable') {
    const { name } = run.context.host;
    const message = `Cannot pull image "${image}" on host "${name}": ${login.reason}`;
    return failed('infrastructure', 'LoginUnusable', message);
  }
  await pull(run, image, login);
  const pulled = await inspectImage(run, image);
  if (pulled !== null) {
    const isNew = run.context.picture.images.every(({ id }) => id !== pulled.Id);
    const outcome = checkPlatform(run, image, pulled);
    return outcome.kind === 'done' ? { ...outcome, pulled: { id: pulled.Id, isNew } } : outcome;
  }
  const message = `Cannot pull image "${image}" on host "${run.context.host.name}": it was pulled, and is gone again`;
  return failed('infrastructure', 'ImageVanished', message);
}

function inspectImage(run: StepRun, image: string): Promise<WireImage | null> {
  return run.find<WireImage>({
    what: `inspect image "${image}"`,
    path: enginePath`/images/${image}/json`,
  });
}

/** The engine would start an image for another platform and fail with `exec format error`, if it has no emulation. */
function checkPlatform(run: StepRun, image: string, found: WireImage): StepOutcome {
  const { os, architecture } = run.engine;
  const fits = found.Os === os && found.Architecture === architecture;
  if (fits) return done;
  const message = `Cannot run image "${image}" on host "${run.context.host.name}": image is ${found.Os ?? '?'}/${found.Architecture ?? '?'}, host is ${os}/${architecture} (use an image for the platform of the host)`;
  return failed('revision', 'PlatformMismatch', message);
}

/** Errors come inside the stream, after a 200; the stream's end without one is the success. */
async function pull(run: StepRun, image: string, login: RegistryLogin): Promise<void> {
  const { name, tag } = splitReference(image);
  const { clock, deadlines } = run.context;
  const deadlineMs = deadlines.pull;
  const what = `pull image "${image}"`;
  await withDeadline({ what, ms: deadlineMs, clock }, run.signal, (signal) =>
    withEither([signal, run.signal], async (either) => {
      const stream = await run.context.client.stream({
        what,
        method: 'POST',
        path: '/images/create',
        query: { fromImage: name, tag },
        ...(login.kind === 'found' ? { registryAuth: login.header } : {}),
        deadlineMs,
        signal: either,
      });
      for await (const message of readJsonLines(stream)) {
        const error = errorOf(message);
        if (error !== null) throw new EngineError('status', error, 500);
      }
    }),
  );
}

function errorOf(message: unknown): string | null {
  if (typeof message !== 'object' || message === null || !('error' in message)) return null;
  return typeof message.error === 'string' ? message.error : 'the engine does not say why';
}
