import { boundMounts } from '../model/delivered.ts';
import type { FileStamps } from '../model/file-stamps.ts';
import { pendingStamp } from '../model/file-stamps.ts';
import type { ContainerState } from '../model/observation.ts';
import type { Action, StepOutcome } from '../model/step.ts';
import { guarded } from './container-guard.ts';
import { stopMarginMs } from './deadlines.ts';
import { enginePath } from './engine-path.ts';
import { isStatus } from './engine-error.ts';
import { anchor, filesVolume } from './file-anchor.ts';
import { renewalArchive, toldArchive } from './file-archive.ts';
import { copyInto, withFiller } from './mounted-files.ts';
import { projectState } from './project-container.ts';
import type { StepRun } from './step-run.ts';
import { done, failed } from './step-run.ts';
import type { WireContainer } from './wire.ts';

type DeliverFiles = Extract<Action, { readonly kind: 'deliver-files' }>;

/**
 * Writes files anew into the volume of an instance, and tells the instance: by a restart, or by signals. The volume says
 * of each file that this is pending until it is done, so that whoever finds it so after a crash does it again.
 */
export function deliverFiles(run: StepRun, action: DeliverFiles): Promise<StepOutcome> {
  return guarded(run, action, async (container) => {
    const volume = filesVolume(container);
    if (volume === null) {
      const message = `Cannot deliver files to container "${action.name}": it has no volume for them`;
      return failed('revision', 'NoFiles', message);
    }
    const { key } = run.context;
    const folder = anchor.slice(1);
    const { service, targets, told } = action;
    const mounts = boundMounts(service.container);
    const archive = await renewalArchive(mounts, targets, folder, key, pending(told, targets));
    // Its own image is there as long as it is, whatever the tag means by now.
    const image = container.Image ?? service.container.image;
    const refused = await withFiller(run, { volume, image }, async () => {
      await copyInto(run, volume, archive);
      await tell(run, container, action);
      await copyInto(run, volume, await toldArchive(told, folder));
      return null;
    });
    return refused ?? done;
  });
}

function pending(told: FileStamps, targets: readonly string[]): FileStamps {
  return { ...told, ...Object.fromEntries(targets.map((target) => [target, pendingStamp])) };
}

const isUp: ReadonlySet<ContainerState> = new Set(['running', 'restarting']);

/** One that does not run reads its files when it is started. */
async function tell(
  run: StepRun,
  container: WireContainer,
  { name, telling }: DeliverFiles,
): Promise<void> {
  if (!isUp.has(projectState(container))) return;
  if (telling.kind === 'restart') return restart(run, container, name);
  for (const signal of telling.signals) await send(run, container, name, signal);
}

/** With the grace that the container has of its own. */
function restart(
  run: StepRun,
  { Id: id, Config: config }: WireContainer,
  name: string,
): Promise<void> {
  return run.mutate({
    what: `restart container "${name}"`,
    method: 'POST',
    path: enginePath`/containers/${id}/restart`,
    deadlineMs: (config?.StopTimeout ?? 10) * 1000 + stopMarginMs,
  });
}

async function send(
  run: StepRun,
  { Id: id }: WireContainer,
  name: string,
  signal: string,
): Promise<void> {
  try {
    await run.mutate({
      what: `send ${signal} to container "${name}"`,
      method: 'POST',
      path: enginePath`/containers/${id}/kill`,
      query: { signal },
    });
  } catch (error) {
    // It is not running any more, and reads its files at its next start.
    if (!isStatus(error, 409)) throw error;
  }
}
