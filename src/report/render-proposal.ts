import type { DriftProposal } from '../model/proposal.ts';
import type { Revision } from '../model/revision.ts';
import { fieldName, serviceInWords } from './drift-words.ts';
import type { Style } from './style.ts';
import { formatField, formatPosition, quote, wrap } from './text.ts';

export interface ProposalFacts {
  readonly proposal: DriftProposal;
  readonly branch: string;
  /** Null when none was made: for a dry run, or when the branch has it all. */
  readonly commit: Revision | null;
  /** The message of the commit. */
  readonly message: string;
  /** The repository, without credentials. */
  readonly repository: string;
}

/** A proposal as text: each line that changes, what cannot be written down, and where the commit went. */
export function renderProposal(facts: ProposalFacts, style: Style): string {
  const { changes, unproposed } = facts.proposal;
  if (changes.length + unproposed.length === 0) return style.green('no drift: nothing to propose');
  const proposed = changes.flatMap(({ item, origin, written }) => [
    style.bold(`${serviceInWords(item)} ${item.path}`),
    wrap(
      `${formatField(item.path, item.desired)} → ${formatField(item.path, item.observed)}, written as ${written}`,
      '  ',
    ),
    style.dim(`  ${formatPosition(origin)}`),
  ]);
  const left = unproposed.flatMap(({ item, reason }) => [
    style.yellow(`! ${serviceInWords(item)} ${fieldName(item.path)}, ${item.host}`),
    wrap(`not proposed: ${reason}`, '  '),
  ]);
  return [...proposed, ...left, '', ...endOf(facts, style)].join('\n');
}

function endOf(
  { proposal, branch, commit, message, repository }: ProposalFacts,
  style: Style,
): readonly string[] {
  if (commit !== null) {
    const place = `${branch} of ${repository}`;
    return [style.green(`Committed ${commit.commit.slice(0, 12)} and pushed it to ${place}`)];
  }
  if (proposal.edits.size === 0) return ['Nothing is committed'];
  return ['Dry run: nothing is committed. The message would be:', '', ...quote(message)];
}
