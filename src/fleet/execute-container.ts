import { messageOf } from '../model/errors.ts';
import type { Resources, RestartPolicy } from '../model/container.ts';
import { noRestart } from '../model/container.ts';
import type { Action, StepOutcome } from '../model/step.ts';
import { updateRefused } from '../model/step.ts';
import { attach, resolveNetwork } from './attach-network.ts';
import { checkGuard, guarded } from './container-guard.ts';
import { resourcesBody } from './create-body.ts';
import { stopMarginMs } from './deadlines.ts';
import { enginePath } from './engine-path.ts';
import { EngineError, isStatus } from './engine-error.ts';
import { containerName } from './normal-form.ts';
import { runPreStop } from './execute-hooks.ts';
import { hasMountedFiles } from './file-anchor.ts';
import { removeUnusedFiles } from './mounted-files.ts';
import type { StepRun } from './step-run.ts';
import { done, doneByOthers, failed, skipped } from './step-run.ts';

type ActionOf<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;

export function unpauseContainer(
  run: StepRun,
  action: ActionOf<'unpause-container'>,
): Promise<StepOutcome> {
  return guarded(run, action, async () => {
    await run.mutate({
      what: `unpause container "${action.name}"`,
      method: 'POST',
      path: enginePath`/containers/${action.guard.id}/unpause`,
    });
    return done;
  });
}

export function updateContainer(
  run: StepRun,
  action: ActionOf<'update-container'>,
): Promise<StepOutcome> {
  return guarded(run, action, async () => {
    try {
      await run.mutate({
        what: `update container "${action.name}"`,
        method: 'POST',
        path: enginePath`/containers/${action.guard.id}/update`,
        body: updateBody(action.restart, action.resources),
      });
    } catch (error) {
      if (action.resources === null || !isInUse(error)) throw error;
      return failed('capacity', updateRefused, refusal(run, action.name, error));
    }
    return done;
  });
}

/** The kernel takes a limit back only where it can: cgroups v1 refuse one below what is in use. */
function isInUse(error: unknown): boolean {
  return error instanceof EngineError && /resource busy|current usage/i.test(error.message);
}

function refusal(run: StepRun, name: string, error: unknown): string {
  const host = run.context.host.name;
  return `Cannot update container "${name}" on host "${host}": ${messageOf(error)} (it uses more than the new limit; it is replaced)`;
}

/**
 * The engine takes "not set" for "no change". It refuses a memory limit above the swap limit that the container already
 * has, and by default gave it twice the memory, so both are sent.
 */
export function updateBody(
  restart: RestartPolicy | null,
  resources: Resources | null,
): Record<string, unknown> {
  const limits = resources === null ? {} : resourcesBody(resources);
  const memory = resources?.memoryBytes ?? null;
  const { name, maximumRetryCount } = restart ?? noRestart;
  return {
    ...limits,
    ...(memory === null ? {} : { MemorySwap: resources?.memorySwapBytes ?? memory * 2 }),
    // The one limit that can be lifted in place.
    ...(resources !== null && resources.pids === null ? { PidsLimit: -1 } : {}),
    ...(restart === null
      ? {}
      : { RestartPolicy: { Name: name, MaximumRetryCount: maximumRetryCount } }),
  };
}

export function renameContainer(
  run: StepRun,
  action: ActionOf<'rename-container'>,
): Promise<StepOutcome> {
  return guarded(run, action, async (container) => {
    if (containerName(container) === action.to) return done;
    await run.mutate({
      what: `rename container "${action.name}"`,
      method: 'POST',
      path: enginePath`/containers/${action.guard.id}/rename`,
      query: { name: action.to },
    });
    return done;
  });
}

/** Attaches the container with its aliases. They cannot be changed in place, so one that lacks some is taken off first. */
export function connectNetwork(
  run: StepRun,
  action: ActionOf<'connect-network'>,
): Promise<StepOutcome> {
  return guarded(run, action, async (container) => {
    const resolved = await resolveNetwork(run, action.attachment.network);
    if (resolved.kind === 'refused') return resolved.outcome;
    await attach(run, container, resolved.id, action.attachment);
    return done;
  });
}

/** Takes the container off a network; when it is not on it any more, nothing is left to do. */
export function disconnectNetwork(
  run: StepRun,
  action: ActionOf<'disconnect-network'>,
): Promise<StepOutcome> {
  return guarded(run, action, async (container) => {
    const { network, name } = action;
    if (container.NetworkSettings?.Networks?.[network] === undefined) return done;
    const id = container.NetworkSettings.Networks[network]?.NetworkID || network;
    await run.mutate({
      what: `disconnect container "${name}" from network "${network}"`,
      method: 'POST',
      path: enginePath`/networks/${id}/disconnect`,
      body: { Container: container.Id },
    });
    return done;
  });
}

/** Stops with the grace of the step, else the container's own. The call lasts as long as the container takes. */
export function stopContainer(
  run: StepRun,
  action: ActionOf<'stop-container'>,
): Promise<StepOutcome> {
  return guarded(run, action, async (container) => {
    const { graceMs } = action;
    const ownSeconds = container.Config?.StopTimeout ?? 10;
    const seconds = graceMs === null ? ownSeconds : Math.ceil(graceMs / 1000);
    if (action.hooks !== undefined) await runPreStop(run, action, seconds * 1000);
    await run.mutate({
      what: `stop container "${action.name}"`,
      method: 'POST',
      path: enginePath`/containers/${action.guard.id}/stop`,
      query: graceMs === null ? {} : { t: String(seconds) },
      deadlineMs: seconds * 1000 + stopMarginMs,
    });
    return done;
  });
}

/**
 * Removes a stopped container and its anonymous volumes; `v` never removes a volume that has a name. Those of a container
 * that was taken on are left: nobody knows what somebody has put into them.
 */
export async function removeContainer(
  run: StepRun,
  action: ActionOf<'remove-container'>,
): Promise<StepOutcome> {
  const check = await checkGuard(run, action.guard, action.name);
  if (check.kind === 'gone') return doneByOthers;
  if (check.kind === 'broken') return skipped(check.reason);
  try {
    await run.mutate({
      what: `remove container "${action.name}"`,
      method: 'DELETE',
      path: enginePath`/containers/${action.guard.id}`,
      query: action.guard.adopted === undefined ? { v: '1' } : {},
    });
  } catch (error) {
    if (isStatus(error, 404)) return doneByOthers;
    if (!isStatus(error, 409)) throw error;
    if (/already in progress/.test(messageOf(error))) return doneByOthers;
    const message = `Cannot remove container "${action.name}": ${messageOf(error)}`;
    return failed('infrastructure', 'RemovalRefused', message);
  }
  if (hasMountedFiles(check.container)) await removeUnusedFiles(run);
  return done;
}
