import { hostname } from 'node:os';

import type { Logger } from 'pino';

import { StalledError, UsageError } from '../model/errors.ts';
import type { DriftItem } from '../model/drift.ts';
import { renamed, type Revision } from '../model/revision.ts';
import type { ProposalParts } from '../reconcile/propose-drift.ts';
import { checkProposal, proposeDrift } from '../reconcile/propose-drift.ts';
import { proposalDocument } from '../report/proposal-document.ts';
import { proposalMessage } from '../report/proposal-message.ts';
import { renderProposal } from '../report/render-proposal.ts';
import { decide } from '../rollout/decide.ts';
import type { SourceTree } from '../source/source-tree.ts';
import type { Source } from '../source/source.ts';
import { readAuthor, userName } from './author.ts';
import { observeCommitInForce } from './commit-in-force.ts';
import type { DriftFlags } from './drift-report.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { readingOf, unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportUnreachable } from './report-problems.ts';
import type { Settings } from './settings.ts';

export interface DriftToBranchFlags extends Pick<DriftFlags, 'application' | 'host'> {
  readonly toBranch: string;
  /** Why, for the commit message. */
  readonly message?: string;
  readonly author?: string;
  readonly dryRun?: boolean;
}

/**
 * `fleetwright drift --to-branch NAME`: commits what was changed by hand to a branch, as a proposal to ask for it from now on.
 * Nothing is said to any host, and what is followed stays as it is.
 */
export async function driftToBranch(
  settings: Settings,
  flags: DriftToBranchFlags,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  const author = readAuthor(flags.author, process.env);
  const { toBranch: branch } = flags;
  if (settings.ref.kind === 'branch' && settings.ref.name === branch) {
    throw new UsageError(
      `Cannot propose on "${branch}": it is the branch that is followed, and what is committed there is in force at once. Name another one`,
    );
  }
  await using live = await observeCommitInForce(settings, output, logger, signal);
  const { loaded, world, observations, source } = live;
  if (loaded.kind === 'invalid' || world === null) return exitCode.negative;
  const isAskedFor = ({ application, host }: DriftItem): boolean =>
    (flags.application ?? application) === application && (flags.host ?? host) === host;
  const items = decide(world).drift.filter(isAskedFor);
  const base = await findBase(source, branch, loaded.desired.revision, signal);
  const parts: ProposalParts = { source, ...readingOf(settings) };
  const proposal = await proposeDrift(parts, items, base, signal);
  const by = `${userName()} on ${hostname()}, with "fleetwright drift --to-branch ${branch}"`;
  const message = proposalMessage(proposal, flags.message ?? null, by);
  let commit: Revision | null = null;
  if (flags.dryRun !== true && proposal.edits.size > 0) {
    const { edits, blobs } = proposal;
    const check = (tree: SourceTree): Promise<void> => checkProposal(parts, proposal, tree, signal);
    const change = { branch, base: base.commit, edits, blobs, author, message, check };
    const made = await source.commit(change, signal);
    commit = made.kind === 'committed' ? made.revision : null;
  }
  const facts = { proposal, branch, commit, message, repository: settings.repository };
  output.data(
    output.format === 'json'
      ? toJson(proposalDocument(facts))
      : renderProposal(facts, output.style),
  );
  const unreachable = unreachableHosts(observations);
  reportUnreachable(output, unreachable);
  if (unreachable.length > 0) return exitCode.unreachable;
  return proposal.unproposed.length === 0 ? exitCode.done : exitCode.negative;
}

/** The tip of the branch; where there is none, the commit in force. */
async function findBase(
  source: Source,
  branch: string,
  inForce: Revision,
  signal: AbortSignal,
): Promise<Revision> {
  try {
    return await source.resolve(`refs/heads/${branch}`, signal);
  } catch (error) {
    if (!(error instanceof StalledError && error.reason === 'RevisionNotFound')) throw error;
    return renamed(inForce, { branch });
  }
}
