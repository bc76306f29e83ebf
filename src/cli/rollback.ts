import { hostname } from 'node:os';

import type { Logger } from 'pino';

import { UsageError } from '../model/errors.ts';
import { whyNoBranch, type FollowedRef } from '../model/followed-ref.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import type { ApplicationRecord } from '../model/journal-state.ts';
import type { Revision } from '../model/revision.ts';
import { readJournal } from '../journal/open-journal.ts';
import type { RevertParts, RevertPlan } from '../reconcile/plan-revert.ts';
import { checkRevert, InvalidRevert, planRevert } from '../reconcile/plan-revert.ts';
import { revertMessage } from '../reconcile/revert-application.ts';
import { planDefaultRevert } from '../reconcile/revert-target.ts';
import { renderDiagnostics } from '../report/render-diagnostics.ts';
import { describeRevision, renderRollback } from '../report/render-rollback.ts';
import { rollbackDocument } from '../report/rollback-document.ts';
import { targetOf } from '../rollout/target.ts';
import { withEdits } from '../source/commit-change.ts';
import type { SourceTree } from '../source/source-tree.ts';
import { readAuthor, userName } from './author.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { openRepository, readingOf } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { rollbackApproval } from './rollback-approval.ts';
import type { Settings } from './settings.ts';

export interface RollbackFlags {
  /** The commit whose version comes back. */
  readonly to?: string;
  /** Why, for the commit message. */
  readonly message?: string;
  readonly author?: string;
  readonly dryRun?: boolean;
}

/**
 * `fleetwright rollback APP`: commits the former version of one application's files to the branch, so that Git stays the
 * truth: the fleet follows as it follows any commit. Nothing is said to any host.
 */
export async function rollback(
  application: string,
  settings: Settings,
  flags: RollbackFlags,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  const author = readAuthor(flags.author, process.env);
  if (settings.ref.kind !== 'branch') throw noBranch(application, settings.ref);
  await using source = await openRepository(settings, logger, 'command');
  const parts: RevertParts = { source, ...readingOf(settings) };
  const record = readRecord(settings, application);
  const head = await source.head(signal);
  const plan =
    flags.to === undefined
      ? await planDefaultRevert(parts, application, head, record, signal)
      : await planRevert(parts, application, head, await source.resolve(flags.to, signal), signal);
  if (plan.edits.size === 0) return reportNothing(plan, output);
  const approval = await rollbackApproval(parts, plan, settings, output, logger, signal);
  const message = `${messageOf(plan, flags, record)}${approval}`;
  const check = async (tree: SourceTree): Promise<void> => {
    await checkRevert(parts, plan, tree, signal);
  };
  try {
    if (flags.dryRun === true) {
      await check(withEdits(await source.tree(head.commit, signal), plan.edits));
      return report(plan, null, message, settings, output);
    }
    const change = { base: head.commit, edits: plan.edits, author, message, check };
    const made = await source.commit(change, signal);
    if (made.kind === 'unchanged') return reportNothing({ ...plan, edits: new Map() }, output);
    return report(plan, made.revision, message, settings, output);
  } catch (error) {
    if (!(error instanceof InvalidRevert)) throw error;
    if (error.diagnostics.length > 0) {
      output.error(renderDiagnostics(error.diagnostics, output.noteStyle));
    }
    output.error(error.message);
    return exitCode.negative;
  }
}

function noBranch(application: string, ref: FollowedRef): UsageError {
  return new UsageError(`Cannot roll ${application} back: ${whyNoBranch(ref)}`);
}

function readRecord({ state }: Settings, application: string): ApplicationRecord {
  using journal = readJournal(state);
  return journal.state().applications.get(application) ?? emptyApplicationRecord;
}

function messageOf(
  { application, head, from, to, current }: RevertPlan,
  { message, to: named }: RollbackFlags,
  record: ApplicationRecord,
): string {
  const command = named === undefined ? '' : ` --to ${named}`;
  return revertMessage({
    application,
    from,
    to,
    failed: current === null ? [] : targetOf(current, head.commit, record).failed,
    reason: message ?? null,
    by: `${userName()} on ${hostname()}, with "fleetwright rollback ${application}${command}"`,
  });
}

function report(
  plan: RevertPlan,
  commit: Revision | null,
  message: string,
  { repository }: Settings,
  output: Output,
): ExitCode {
  const document = rollbackDocument({
    ...plan,
    files: plan.edits.keys(),
    commit: commit?.commit ?? null,
  });
  const facts = { ...plan, commit, message, repository };
  output.data(output.format === 'json' ? toJson(document) : renderRollback(facts, output.style));
  return exitCode.done;
}

function reportNothing(plan: RevertPlan, output: Output): ExitCode {
  const { application, to } = plan;
  if (output.format === 'json') {
    output.data(toJson(rollbackDocument({ ...plan, files: [], commit: null })));
  } else {
    output.data(
      `Nothing to roll back: the head has ${application} as it was in ${describeRevision(to)} already`,
    );
  }
  return exitCode.done;
}
