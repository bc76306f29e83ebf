import type { FileMount } from '../model/container.ts';
import { label } from '../model/labels.ts';
import { messageOf } from '../model/errors.ts';
import { inspectContainer } from './container-guard.ts';
import { enginePath } from './engine-path.ts';
import { isStatus } from './engine-error.ts';
import { anchor, anchorMount } from './file-anchor.ts';
import { mountArchive } from './file-archive.ts';
import type { StepRun } from './step-run.ts';
import type { WireVolume } from './wire.ts';

/**
 * Brings the files of an instance to its host, where they are mounted from: a volume of the instance's own, which is filled
 * through a container that is made for it and never started. Calls `create` with the mounts, and takes that container
 * away afterwards, so that the volume is in use all the time and no other step takes it for one that was left.
 */
export async function withMountedFiles<T>(
  run: StepRun,
  instance: { readonly name: string; readonly image: string },
  mounts: readonly FileMount[],
  create: (mounts: readonly object[]) => Promise<T>,
): Promise<T> {
  if (mounts.length === 0) return create([]);
  const volume = `${instance.name}-files`;
  const archive = await mountArchive(mounts, anchor.slice(1), run.context.key);
  await makeFiller(run, volume, instance.image);
  try {
    const filler = await inspectContainer(run, volume, volume);
    const point = filler?.Mounts?.find(({ Name }) => Name === volume)?.Source ?? '';
    if (point === '') throw new Error(`volume "${volume}" has no folder on the host`);
    await run.mutate({
      what: `copy files into volume "${volume}"`,
      method: 'PUT',
      path: enginePath`/containers/${volume}/archive`,
      query: { path: '/' },
      archive,
    });
    return await create(mountsOf(run.context.fleet, volume, point, mounts));
  } finally {
    await removeFiller(run, volume);
  }
}

/**
 * Removes the volumes of this fleet's files that no container has any more. Whoever is about to use one has a container
 * that does, so what is found is left from one that is gone. What cannot be removed now is found again next time.
 */
export async function removeUnusedFiles(run: StepRun): Promise<void> {
  const labels = [label.files, `${label.fleet}=${run.context.fleet}`];
  try {
    const { Volumes } = await run.read<{ readonly Volumes?: readonly WireVolume[] | null }>({
      what: 'look for volumes of files that are not used any more',
      path: '/volumes',
      query: { filters: JSON.stringify({ dangling: ['true'], label: labels }) },
    });
    for (const { Name: name = '' } of Volumes ?? []) {
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

/** A container with the volume, which the engine makes for it. One that a crash has left is of no use any more. */
async function makeFiller(run: StepRun, volume: string, image: string): Promise<void> {
  const make = (): Promise<void> =>
    run.mutate({
      what: `create container "${volume}", which brings files to the host`,
      method: 'POST',
      path: '/containers/create',
      query: { name: volume },
      body: {
        Image: image,
        Entrypoint: ['/'],
        HostConfig: {
          NetworkMode: 'none',
          Mounts: [anchorMount(run.context.fleet, volume, '', false)],
        },
      },
    });
  try {
    await make();
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    await removeFiller(run, volume);
    await make();
  }
}

async function removeFiller(run: StepRun, name: string): Promise<void> {
  try {
    await run.mutate({
      what: `remove container "${name}"`,
      method: 'DELETE',
      path: enginePath`/containers/${name}`,
      query: { force: '1', v: '1' },
    });
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}

function mountsOf(
  fleet: string,
  volume: string,
  folder: string,
  mounts: readonly FileMount[],
): readonly object[] {
  return [
    anchorMount(fleet, volume, folder, true),
    ...mounts.map(({ target, readOnly }, index) => ({
      Type: 'bind',
      Source: `${folder}/${index}`,
      Target: target,
      ReadOnly: readOnly,
    })),
  ];
}
