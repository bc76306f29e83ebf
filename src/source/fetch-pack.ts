import fs from 'node:fs';
import { rm } from 'node:fs/promises';

import type { HttpClient } from 'isomorphic-git';
import { addRemote, fetch, init, writeObject, writeRef } from 'isomorphic-git';

import { StalledError, TransientError } from '../model/errors.ts';
import { gitMessageOf } from './as-source-error.ts';
import { bodyOf, wholeBody } from './body.ts';
import { withHead } from './judge-answer.ts';

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
 * needs nothing else.
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
    const { fetchHead } = await fetch({
      fs,
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
    if (fetchHead !== null) return fetchHead;
    throw new Error('the branch is gone');
  } catch (error) {
    if (error instanceof TransientError || error instanceof StalledError) throw error;
    signal.throwIfAborted();
    throw new TransientError(
      'PackCorrupt',
      `Cannot accept what ${host} sent: ${gitMessageOf(error)}`,
      { cause: error },
    );
  }
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
