import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { watch } from 'chokidar';
import type { FSWatcher } from 'chokidar';

/** Events come in bursts: a push touches lock files, the ref and the packed refs. */
const settleMs = 15;

export interface RefWatch extends AsyncDisposable {
  /** Watches anew when the directory was replaced by another of its name, of which there is never an event. */
  follow(): Promise<void>;
}

/**
 * Calls back at most 20 ms after what is followed may have moved. It is a hint only: `gc` removes loose refs without any of
 * them being changed.
 *
 * @param folder the only one that is watched, such as `refs/heads`, since every loose ref costs two inotify watches
 */
export function watchRefs(
  gitdir: string,
  folder: 'refs/heads' | 'refs/tags' | 'refs',
  onChange: () => void,
  onError: (error: unknown) => void,
): RefWatch {
  let timer: NodeJS.Timeout | undefined;
  const onEvent = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      onChange();
    }, settleMs);
  };
  let place = placeOf(gitdir);
  let watcher = startWatcher(gitdir, folder, onEvent, onError);
  return {
    async follow() {
      const now = await placeOf(gitdir);
      if (now === undefined || now === (await place)) return;
      place = Promise.resolve(now);
      await watcher.close();
      watcher = startWatcher(gitdir, folder, onEvent, onError);
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

function startWatcher(
  gitdir: string,
  folder: string,
  onEvent: () => void,
  onError: (error: unknown) => void,
): FSWatcher {
  const paths = [join(gitdir, folder), join(gitdir, 'packed-refs'), join(gitdir, 'HEAD')];
  const watcher = watch(paths, {
    ignoreInitial: true,
    ignored: (path) => path.endsWith('.lock'),
  });
  watcher.on('all', onEvent);
  watcher.on('error', onError);
  return watcher;
}

/** Which directory stands there: a replaced one has another inode. */
async function placeOf(gitdir: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(join(gitdir, 'refs', 'heads'));
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
