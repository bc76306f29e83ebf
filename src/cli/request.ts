import { hostname, userInfo } from 'node:os';

import type { Request as RequestDocument } from '../generated/request.ts';
import { pause } from '../fleet/deadline.ts';
import { openRequestBox } from '../journal/request-box.ts';
import { readJournal } from '../journal/open-journal.ts';
import type { RequestAnswer } from '../journal/request-rows.ts';
import { isStateLocked } from '../journal/state-lock.ts';
import { didYouMean } from '../manifest/suggest.ts';
import { UsageError } from '../model/errors.ts';
import type { RequestKind } from '../model/request.ts';
import { isHostRequest, subjectOf } from '../model/request.ts';
import { systemClock as clock } from '../reconcile/system-clock.ts';
import { formatSpan } from '../report/text.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';

export interface RequestFlags {
  /** Who asks; the user and machine by default. */
  readonly by?: string;
  /** How long the answer of a running operator is waited for. */
  readonly waitMs: number;
  /** How many slots a rebalance moves at most; by default as many as is usual. */
  readonly maxMoves?: number;
}

/** How often the answer is looked for. */
const lookMs = 100;

/**
 * `fleetwright promote|abort|retry|suspend|resume|fence|unfence`: asks the operator of a state folder, whether it runs now
 * or later.
 *
 * @param subject the application, the host for `fence` and `unfence`, or `HOST/NAME` of a volume; empty: all applications
 */
export async function request(
  kind: RequestKind,
  subject: string,
  stateDir: string,
  flags: RequestFlags,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const isAboutHost = isHostRequest(kind);
  // What is to be adopted may stand in a commit that nobody has taken up yet.
  const isEarly = (kind === 'adopt' || kind === 'adopt-replace') && !isStateLocked(stateDir);
  const isAboutApplication = !isAboutHost && kind !== 'remove-volume' && subject !== '';
  if (!isEarly && isAboutApplication) checkApplication(kind, subject, stateDir);
  using box = openRequestBox(stateDir);
  const { by = defaultName(), waitMs, maxMoves } = flags;
  const limit = maxMoves === undefined ? {} : { maxMoves };
  const about = subjectOf(kind, subject);
  const asked = box.append({ kind, ...about, ...limit, by, at: clock.now() });
  const deadline = clock.now() + waitMs;
  let isHeld = isStateLocked(stateDir);
  let answer = box.answerTo(asked);
  while (answer === null && isHeld && clock.now() < deadline && !signal.aborted) {
    await pause(clock, lookMs, signal);
    isHeld = isStateLocked(stateDir);
    // The answer is looked for last: whoever ended meanwhile may have given it.
    answer = box.answerTo(asked);
  }
  const message = answer?.message ?? pendingMessage(isHeld, stateDir, waitMs);
  const state = stateOf(answer);
  const document: RequestDocument = {
    version: 1,
    request: asked.id,
    ...about,
    kind,
    state,
    message,
  };
  output.data(output.format === 'json' ? toJson(document) : renderRequest(document, output));
  if (state === 'pending') return isHeld && waitMs > 0 ? exitCode.negative : exitCode.done;
  return state === 'accepted' ? exitCode.done : exitCode.negative;
}

function stateOf(answer: RequestAnswer | null): RequestDocument['state'] {
  if (answer === null) return 'pending';
  return answer.accepted ? 'accepted' : 'refused';
}

/** Before the first commit is accepted nothing is known, and the operator itself is left to say what there is not. */
function checkApplication(kind: RequestKind, application: string, stateDir: string): void {
  using journal = readJournal(stateDir);
  if (journal.accepted() === null) return;
  const { applications } = journal.state();
  const record = applications.get(application);
  if (record !== undefined && record.removedBy === null) return;
  const present = [...applications].filter(([, { removedBy }]) => removedBy === null);
  const names = present.map(([name]) => name);
  const why =
    record === undefined
      ? `the commit in force has no such application${hint(application, names)}`
      : `commit ${record.removedBy?.slice(0, 12)} removed it`;
  throw new UsageError(`Cannot ${kind} "${application}": ${why}; state folder "${stateDir}"`);
}

const listedNames = 10;

function hint(application: string, names: readonly string[]): string {
  const meant = didYouMean(application, names);
  if (meant !== '' || names.length === 0 || names.length > listedNames) return meant;
  return `; it has ${names.join(', ')}`;
}

function pendingMessage(isHeld: boolean, stateDir: string, waitMs: number): string {
  const kept = `the request is kept in "${stateDir}"`;
  if (!isHeld) return `no operator is running; ${kept} and taken up by the next "run" or "sync"`;
  return waitMs === 0
    ? `${kept}, the answer was not waited for`
    : `the running operator has not answered within ${formatSpan(waitMs)}; ${kept}`;
}

function renderRequest(
  { application, host, volume, kind, state, message }: RequestDocument,
  { style }: Output,
): string {
  const paint = { accepted: style.green, refused: style.red, pending: style.yellow }[state];
  const subject = volume === undefined ? (host ?? application) : `${host}/${volume}`;
  const start = subject === '' ? '' : `${style.bold(subject)}  `;
  return `${start}${kind} ${paint(state)}: ${message}`;
}

/** `ada@laptop`. */
function defaultName(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return String(process.getuid?.() ?? 'somebody');
  }
}
