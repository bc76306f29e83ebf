import { TransientError } from '../model/errors.ts';
import type { PackRequest } from './fetch-pack.ts';
import { fetchPack } from './fetch-pack.ts';
import type { Transport } from './transport.ts';

/**
 * Receives a ref, or a commit by its id. A server that does not give it out by its id may hold it behind a branch or a tag:
 * it is asked for all of them then, and whether the commit is among what comes has to be looked at.
 *
 * @throws as `fetchPack`
 */
export async function fetchWanted(
  transport: Transport,
  request: Pick<PackRequest, 'gitdir' | 'want' | 'have' | 'signal'>,
): Promise<string> {
  const { url, host } = transport;
  const { want, signal } = request;
  try {
    await using http = transport.converse(signal);
    return await fetchPack({ ...request, url, host, http });
  } catch (error) {
    if (!isRefusedId(error, want) || signal.aborted) throw error;
  }
  await using http = transport.converse(signal);
  return await fetchPack({ ...request, url, host, http, everything: true });
}

/** Servers name what they refuse: `not our ref ID`, `want ID not valid`. */
function isRefusedId(error: unknown, want: string): boolean {
  const isId = !want.startsWith('refs/');
  return isId && error instanceof TransientError && error.message.includes(want);
}
