import fs from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { HttpClient } from 'isomorphic-git';
import { addRemote, fetch, init, writeObject, writeRef } from 'isomorphic-git';

import { StalledError, TransientError } from '../model/errors.ts';
import { advertisedCommit, readAdvertisement, withHead, withoutPeeled } from './advertisement.ts';
import { gitMessageOf } from './as-source-error.ts';
import { bodyOf, wholeBody } from './body.ts';
import { protocolError } from './judge-answer.ts';
import { writePackIndex } from './pack/write-pack-index.ts';
import { PackReceived, receiveOnly } from './receive-only.ts';

export interface PackRequest {
  /** A Git directory of its own; what is there is removed first. */
  readonly gitdir: string;
  readonly url: string;
  /** The server, as messages name it. */
  readonly host: string;
  /** The full name of a ref, or the id of a commit. */
  readonly want: string;
  /** To ask for all branches and tags in its place, of a server that gives out no commit by its id. */
  readonly everything?: boolean;
  /** A commit that need not be sent again, nor anything behind it; undefined asks for the whole history. */
  readonly have: { readonly oid: string; readonly bytes: Uint8Array } | undefined;
  readonly http: HttpClient;
  readonly signal: AbortSignal;
}

/** What we have, for isomorphic-git to find. */
const haveRef = 'refs/have';

/**
 * Receives what is wanted into an empty Git directory and gives the commit that it is, or that the tag leads to. isomorphic-git moves the ref there before
 * the pack has come and writes the pack in place, so nobody may read that directory before its packs are verified. It
 * knows what we have from one commit object that is put there for it; it never asks for thin packs, so that what comes
 * needs nothing else. The index, for which every object is checked, is ours.
 *
 * @throws StalledError, TransientError of the transport, and TransientError `PackCorrupt`
 */
export async function fetchPack(request: PackRequest): Promise<string> {
  const { gitdir, url, host, want, everything = false, have, http, signal } = request;
  await rm(gitdir, { recursive: true, force: true });
  await init({ fs, bare: true, dir: gitdir, gitdir });
  await addRemote({ fs, gitdir, remote: 'origin', url });
  if (have !== undefined) {
    await writeObject({ fs, gitdir, type: 'commit', object: have.bytes, format: 'content' });
    await writeRef({ fs, gitdir, ref: haveRef, value: have.oid });
  }
  const seen: Seen = { commit: isId(want) ? want : undefined };
  try {
    await fetch({
      fs: receiveOnly(),
      http: listening(http, request, seen),
      gitdir,
      remote: 'origin',
      // What we have is at `ref`; the documented form would offer refs/heads/B, which never moves.
      ref: haveRef,
      remoteRef: everything ? 'HEAD' : want,
      singleBranch: !everything,
      tags: everything,
      headers: {},
      cache: {},
    });
  } catch (error) {
    if (!(error instanceof PackReceived)) throw refusal(error, host, signal);
  }
  try {
    await indexPacks(gitdir, signal);
  } catch (error) {
    throw refusal(error, host, signal);
  }
  if (seen.commit === undefined) throw protocolError(host, `it has no ref "${want}" any more`);
  return seen.commit;
}

/** At most one, and none when nothing was missing. */
async function indexPacks(gitdir: string, signal: AbortSignal): Promise<void> {
  const folder = join(gitdir, 'objects', 'pack');
  for (const name of await readdir(folder)) {
    if (name.endsWith('.pack')) await writePackIndex(join(folder, name.slice(0, -5)), signal);
  }
}

function refusal(error: unknown, host: string, signal: AbortSignal): unknown {
  if (error instanceof TransientError || error instanceof StalledError) return error;
  if (signal.aborted) return signal.reason;
  return new TransientError(
    'PackCorrupt',
    `Cannot accept what ${host} sent: ${gitMessageOf(error)}`,
    { cause: error },
  );
}

/** What the list of refs said of that which is wanted. */
interface Seen {
  commit: string | undefined;
}

function isId(want: string): boolean {
  return /^[0-9a-f]{40}$/.test(want);
}

/** Reads the list of refs on its way to isomorphic-git, and makes it one that can be fetched from. */
function listening(http: HttpClient, { want, everything }: PackRequest, seen: Seen): HttpClient {
  return {
    async request(request) {
      const answer = await http.request(request);
      if (request.method === 'POST') return answer;
      const list = readAdvertisement(await wholeBody(answer.body));
      seen.commit ??= advertisedCommit(list, want);
      const [first] = list.refs.values();
      const body = withHead(list, everything === true ? first : seen.commit);
      return { ...answer, body: bodyOf(everything === true ? withoutPeeled(body) : body) };
    },
  };
}
