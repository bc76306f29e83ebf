import type { HttpClient } from 'isomorphic-git';

import { bodyOf, wholeBody } from './body.ts';
import type { NewCommit } from './commit-change.ts';
import { protocolError } from './judge-answer.ts';
import { makePack } from './make-pack.ts';
import { noCommit } from './move-branch.ts';
import { flushPacket, pktLine, splitPktLines } from './pkt-line.ts';
import type { PushReport } from './push-report.ts';
import { readPushReport } from './push-report.ts';

export interface PushRequest {
  readonly commit: NewCommit;
  readonly url: string;
  /** The server, as messages name it. */
  readonly host: string;
  readonly branch: string;
  /** A Git directory of its own, to make the pack in. */
  readonly gitdir: string;
  readonly http: HttpClient;
}

/**
 * Pushes a commit onto its parent: the server moves the branch only if it still is there, so nothing is ever forced.
 * isomorphic-git's own push would walk the whole tree to find what the server lacks, and it gives up at a name that it does
 * not like; here it is known what is new, and no more is sent.
 *
 * @returns null when the branch is not at the parent any more
 * @throws StalledError, TransientError of the transport
 */
export async function pushCommit(request: PushRequest): Promise<PushReport | null> {
  const { commit, url, host, branch, gitdir, http } = request;
  const ref = `refs/heads/${branch}`;
  const { tip, capabilities } = await listForPush(http, url, ref);
  const from = commit.isFirst ? undefined : commit.parent;
  if (tip !== from) return null;
  if (!capabilities.includes('report-status')) {
    throw protocolError(host, 'it does not say what becomes of a push');
  }
  const wanted = ['report-status', 'side-band-64k'].filter((name) => capabilities.includes(name));
  const command = `${from ?? noCommit} ${commit.oid} ${ref}\0 ${wanted.join(' ')}`;
  const pack = await makePack(gitdir, commit.objects);
  const { body } = await http.request({
    url: `${url}/git-receive-pack`,
    method: 'POST',
    headers: {
      'content-type': 'application/x-git-receive-pack-request',
      accept: 'application/x-git-receive-pack-result',
    },
    body: bodyOf(pktLine(command), flushPacket, pack),
  });
  return readPushReport(await wholeBody(body), ref, wanted.includes('side-band-64k'));
}

interface RefsForPush {
  readonly tip: string | undefined;
  readonly capabilities: readonly string[];
}

async function listForPush(http: HttpClient, url: string, ref: string): Promise<RefsForPush> {
  const { body } = await http.request({
    url: `${url}/info/refs?service=git-receive-pack`,
    method: 'GET',
    headers: {},
  });
  const texts = splitPktLines(await wholeBody(body)).lines.map((line) =>
    line === null ? '' : Buffer.from(line).toString('utf8').trimEnd(),
  );
  const refs = texts.map((text) => text.split('\0'));
  return {
    tip: refs.find(([name = '']) => name.slice(41) === ref)?.[0]?.slice(0, 40),
    capabilities: refs.find(([, words]) => words !== undefined)?.[1]?.split(' ') ?? [],
  };
}
