import type { FileMount } from '../model/container.ts';
import type { FileStamps } from '../model/file-stamps.ts';
import { label } from '../model/labels.ts';
import { messageOf } from '../model/errors.ts';
import type { StepOutcome } from '../model/step.ts';
import { inspectContainer } from './container-guard.ts';
import { enginePath } from './engine-path.ts';
import { isStatus } from './engine-error.ts';
import { anchor, anchorMount } from './file-anchor.ts';
import { mountArchive } from './file-archive.ts';
import type { StepRun } from './step-run.ts';
import { failed } from './step-run.ts';
import type { WireVolume } from './wire.ts';

/**
 * Brings the files of an instance to its host, where they are mounted from: a volume of the instance's own, which is filled
 * through a container that is made for it and never started. Calls `create` with the mounts, and takes that container
 * away afterwards, so that the volume is in use all the time and no other step takes it for one that was left.
 *
 * @returns null when all of it is done, else what came in its way
 */
export async function withMountedFiles(
  run: StepRun,
  instance: { readonly name: string; readonly image: string; readonly told: FileStamps },
  mounts: readonly FileMount[],
  create: (mounts: readonly object[]) => Promise<StepOutcome | null>,
): Promise<StepOutcome | null> {
  if (mounts.length === 0) return create([]);
  const volume = `${instance.name}-files`;
  const { fleet, key } = run.context;
  const archive = await mountArchive(mounts, anchor.slice(1), key, instance.told);
  return withFiller(run, { volume, image: instance.image }, async (folder) => {
    await copyInto(run, volume, archive);
    return create([
      anchorMount(fleet, volume, folder, true),
      ...mounts.map(({ target, readOnly }, index) => ({
        Type: 'bind',
        Source: `${folder}/${index}`,
        Target: target,
        ReadOnly: readOnly,
      })),
    ]);
  });
}

/**
 * Does something with a volume of files while a container that can write to it is there.
 *
 * @param use gets the folder of the host in which the volume stands
 */
export async function withFiller(
  run: StepRun,
  { volume, image }: { readonly volume: string; readonly image: string },
  use: (folder: string) => Promise<StepOutcome | null>,
): Promise<StepOutcome | null> {
  const { filling } = run.context;
  filling.add(volume);
  try {
    await removeLeftFillers(run);
    if (!(await makeFiller(run, volume, image))) return nameConflict(run, 'container', volume);
    const folder = await folderOf(run, volume);
    return folder === null ? nameConflict(run, 'volume', volume) : await use(folder);
  } finally {
    await removeFiller(run, volume);
    filling.delete(volume);
  }
}

/** Unpacks an archive through the container that has the volume. */
export function copyInto(run: StepRun, volume: string, archive: Buffer): Promise<void> {
  return run.mutate({
    what: `copy files into volume "${volume}"`,
    method: 'PUT',
    path: enginePath`/containers/${volume}/archive`,
    query: { path: '/' },
    archive,
  });
}

/**
 * Removes the volumes of this fleet's files that no container has any more. Whoever is about to use one has a container
 * that does, so what is found is left from one that is gone. What cannot be removed now is found again next time.
 */
export async function removeUnusedFiles(run: StepRun): Promise<void> {
  try {
    await removeLeftFillers(run);
    for (const name of await unusedVolumes(run)) {
      await run.mutate({
        what: `remove volume "${name}"`,
        method: 'DELETE',
        path: enginePath`/volumes/${name}`,
      });
    }
  } catch (error) {
    run.context.logger.debug({ error: messageOf(error) }, 'volumes of files are left for later');
  }
}

async function unusedVolumes(run: StepRun): Promise<readonly string[]> {
  const labels = [label.files, `${label.fleet}=${run.context.fleet}`];
  const { Volumes } = await run.read<{ readonly Volumes?: readonly WireVolume[] | null }>({
    what: 'look for volumes of files that are not used any more',
    path: '/volumes',
    query: { filters: JSON.stringify({ dangling: ['true'], label: labels }) },
  });
  return (Volumes ?? []).map(({ Name }) => Name);
}

/** Those of an operator that was ended while it filled. */
async function removeLeftFillers(run: StepRun): Promise<void> {
  const { picture, fleet, filling } = run.context;
  const left = picture.unmanaged.filter(
    ({ name, labels }) => labels[label.filler] === fleet && !filling.has(name),
  );
  for (const { name } of left) await removeFiller(run, name);
}

/** The folder of the host in which a volume of ours stands; null: the volume is not ours. */
async function folderOf(run: StepRun, volume: string): Promise<string | null> {
  const { Labels: labels, Mountpoint } = await run.read<WireVolume>({
    what: `inspect volume "${volume}"`,
    path: enginePath`/volumes/${volume}`,
  });
  const ours = labels?.[label.files] === volume && labels[label.fleet] === run.context.fleet;
  return ours ? (Mountpoint ?? null) : null;
}

/** A container with the volume, which the engine makes for it. False: the name is taken by one that is not ours. */
async function makeFiller(run: StepRun, volume: string, image: string): Promise<boolean> {
  const { fleet } = run.context;
  const make = (): Promise<void> =>
    run.mutate({
      what: `create container "${volume}", which brings files to the host`,
      method: 'POST',
      path: '/containers/create',
      query: { name: volume },
      body: {
        Image: image,
        Entrypoint: ['/'],
        Labels: { [label.filler]: fleet },
        HostConfig: { NetworkMode: 'none', Mounts: [anchorMount(fleet, volume, '', false)] },
      },
    });
  try {
    await make();
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    // One that a crash has left is of no use any more.
    if (!(await removeFiller(run, volume))) return false;
    await make();
  }
  return true;
}

/** Gives false for a container that only has the name of one. */
async function removeFiller(run: StepRun, name: string): Promise<boolean> {
  const filler = await inspectContainer(run, name, name);
  if (filler === null) return true;
  if (filler.Config?.Labels?.[label.filler] !== run.context.fleet) return false;
  try {
    await run.mutate({
      what: `remove container "${name}"`,
      method: 'DELETE',
      path: enginePath`/containers/${filler.Id}`,
      query: { force: '1', v: '1' },
    });
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  return true;
}

function nameConflict(run: StepRun, kind: 'container' | 'volume', name: string): StepOutcome {
  const message = `Cannot bring files to host "${run.context.host.name}": there is a ${kind} "${name}" that is not ours: remove or rename it`;
  return failed('capacity', 'NameConflict', message);
}
