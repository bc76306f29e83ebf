import fs from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { HttpClient } from 'isomorphic-git';
import { addRemote, fetch, init, resolveRef, writeObject, writeRef } from 'isomorphic-git';

import { StalledError, TransientError } from '../model/errors.ts';
import { gitMessageOf } from './as-source-error.ts';
import { bodyOf, wholeBody } from './body.ts';
import { withHead } from './judge-answer.ts';
import { writePackIndex } from './pack/write-pack-index.ts';
import { PackReceived, receiveOnly } from './receive-only.ts';

export interface PackRequest {
  /** A Git directory of its own; what is there is removed first. */
  readonly gitdir: string;
  readonly url: string;
  /** The server, as messages name it. */
  readonly host: string;
  readonly branch: string;
  /** A commit that need not be sent again, nor anything behind it; undefined asks for the whole history. */
  readonly have: { readonly oid: string; readonly bytes: Uint8Array } | undefined;
  readonly http: HttpClient;
  readonly signal: AbortSignal;
}

/**
 * Receives a branch into an empty Git directory and gives the commit it is at. isomorphic-git moves the ref there before
 * the pack has come and writes the pack in place, so nobody may read that directory before its packs are verified. It
 * knows what we have from one commit object that is put there for it; it never asks for thin packs, so that what comes
 * needs nothing else. The index, for which every object is checked, is ours.
 *
 * @throws StalledError, TransientError of the transport, and TransientError `PackCorrupt`
 */
export async function fetchPack(request: PackRequest): Promise<string> {
  const { gitdir, url, host, branch, have, http, signal } = request;
  await rm(gitdir, { recursive: true, force: true });
  await init({ fs, bare: true, dir: gitdir, gitdir });
  await addRemote({ fs, gitdir, remote: 'origin', url });
  const ref = `refs/remotes/origin/${branch}`;
  if (have !== undefined) {
    await writeObject({ fs, gitdir, type: 'commit', object: have.bytes, format: 'content' });
    await writeRef({ fs, gitdir, ref, value: have.oid });
  }
  try {
    await fetch({
      fs: receiveOnly(),
      http: withHeadOf(`refs/heads/${branch}`, http),
      gitdir,
      remote: 'origin',
      // What we have is at `ref`; the documented form would offer refs/heads/B, which never moves.
      ref,
      remoteRef: `refs/heads/${branch}`,
      singleBranch: true,
      tags: false,
      headers: {},
      cache: {},
    });
  } catch (error) {
    if (!(error instanceof PackReceived)) throw refusal(error, host, signal);
  }
  try {
    await indexPacks(gitdir, signal);
    return await resolveRef({ fs, gitdir, ref });
  } catch (error) {
    throw refusal(error, host, signal);
  }
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

/** Adds a HEAD to the list of refs, which isomorphic-git cannot do without. */
function withHeadOf(ref: string, http: HttpClient): HttpClient {
  return {
    async request(request) {
      const answer = await http.request(request);
      if (request.method === 'POST') return answer;
      return { ...answer, body: bodyOf(withHead(await wholeBody(answer.body), ref)) };
    },
  };
}
