import type { DriftProposal, ProposedChange } from '../model/proposal.ts';
import { printable } from '../model/printable.ts';
import { serviceInWords } from './drift-words.ts';
import { count, wrap } from './text.ts';

/** Columns of a commit message, as `git log` indents it on a terminal of 80. */
const messageWidth = 72;

/** The file has all of it. */
const longestValue = 200;

/**
 * The message of a commit that proposes what was changed by hand.
 *
 * @param reason in the words of the person who asked; null when they gave none
 * @param by who asked, as the end of a sentence that begins with "Asked for by"
 */
export function proposalMessage(
  { changes }: Pick<DriftProposal, 'changes'>,
  reason: string | null,
  by: string,
): string {
  const [first] = changes;
  const subject =
    first === undefined || changes.length > 1
      ? `Keep ${count(changes.length, 'value')} that were changed by hand`
      : `Keep ${first.item.path} of ${serviceInWords(first.item)} as it was changed by hand`;
  const paragraphs = [
    ...(reason === null ? [] : [wrap(reason, '', '', messageWidth)]),
    changes.map((change) => wrap(`- ${lineOf(change)}`, '  ', '', messageWidth)).join('\n'),
    wrap(`Asked for by ${by}.`, '', '', messageWidth),
  ];
  return [subject, ...paragraphs].join('\n\n');
}

function lineOf({ item, written }: ProposedChange): string {
  const where = `${item.container} on ${item.host}`;
  return `${serviceInWords(item)} ${item.path}: ${printable(written, longestValue)}, as ${where} has it`;
}
