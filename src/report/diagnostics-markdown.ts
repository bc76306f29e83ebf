import type { Diagnostic } from '../model/diagnostic.ts';
import type { Revision } from '../model/revision.ts';
import { fitBlocks } from './fit-blocks.ts';
import { inertCode } from './inert-code.ts';
import { commentMark, longestComment } from './markdown-comment.ts';
import { count, formatPosition } from './text.ts';

/** Diagnostics as items of a Markdown list. */
export function diagnosticLines(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map((diagnostic) => {
    const { severity, code, message, hint } = diagnostic;
    const where = inertCode(formatPosition(diagnostic));
    const more = hint === '' ? '' : ` · hint: ${inertCode(hint)}`;
    return `- ${severity} at ${where}: ${inertCode(message)} (${inertCode(code)})${more}`;
  });
}

/** A commit that cannot be accepted, as a comment on a pull request. */
export function refusedMarkdown(
  { commit }: Pick<Revision, 'commit'>,
  diagnostics: readonly Diagnostic[],
): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const head = [
    commentMark,
    '### Fleetwright cannot accept this commit',
    '',
    `**${count(errors.length, 'problem')}** in ${inertCode(commit.slice(0, 12))}; nothing is changed on any host.`,
    '',
  ].join('\n');
  const items = diagnosticLines(diagnostics.toSorted(byWeight));
  const list = { lines: items, close: [] };
  return `${head}\n${fitBlocks([list], longestComment - head.length, inertCode('fleetwright plan'))}`;
}

function byWeight(a: Diagnostic, b: Diagnostic): number {
  return Number(b.severity === 'error') - Number(a.severity === 'error');
}
