import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { checkConnectivity } from '../check-connectivity.ts';
import type { RemoteLocation } from '../location.ts';
import { MirrorReceiver } from '../mirror-receiver.ts';
import { Mirror } from '../mirror.ts';
import { openTransport } from '../open-transport.ts';
import type { SourceOptions } from '../source-options.ts';
import type { SubmoduleRepository } from './submodule-repository.ts';

/** No branch has this name. */
const mirrored = 'as a submodule';
/** Commits that were asked for last and are not given up to make the mirror smaller. */
const maxHeld = 50;

/**
 * A submodule on a server, kept in a mirror of its own, into which commits come by their ids.
 *
 * @param options with the credentials for this server and no other
 * @throws UsageError when the options lack what the server needs
 * @throws StalledError `MirrorInUse`
 */
export async function openMirroredSubmodule(
  location: RemoteLocation,
  options: SourceOptions,
): Promise<SubmoduleRepository> {
  const { url } = location;
  const { stateDir, logger } = options;
  const where = `repository ${url}`;
  const transport = openTransport(location, options);
  let mirror: Mirror;
  try {
    const name = createHash('sha256').update(`${url}\n${mirrored}`).digest('hex').slice(0, 32);
    mirror = await Mirror.open(join(stateDir, 'git', name), { url, branch: mirrored }, logger);
  } catch (error) {
    await transport[Symbol.asyncDispose]();
    throw error;
  }
  const receiver = new MirrorReceiver({ ...options, where, mirror, transport });
  const { store } = receiver;
  /** Checked since the mirror was opened, the last one last. */
  const whole = new Set<string>();

  async function bring(commit: string, signal: AbortSignal): Promise<void> {
    if (receiver.isDoubtful) whole.clear();
    if (!whole.has(commit) && !(await isWhole(commit, signal))) {
      await receiver.receive(commit, 'accept', signal);
    }
    whole.delete(commit);
    whole.add(commit);
    receiver.mustHold([...whole].slice(-maxHeld));
  }

  /** Only the commits that were received for themselves have been checked: one behind them may lack its files. */
  async function isWhole(commit: string, signal: AbortSignal): Promise<boolean> {
    if (receiver.isDoubtful || !mirror.has(commit)) return false;
    if (commit === mirror.commit) return true;
    try {
      await checkConnectivity(store, (oid) => mirror.has(oid), commit, undefined, signal);
      return true;
    } catch {
      signal.throwIfAborted();
      receiver.doubt();
      return false;
    }
  }

  return {
    where,
    location,
    gitdir: null,
    store,
    bring: (commit, signal) => receiver.queue.add(() => bring(commit, signal)),
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}
