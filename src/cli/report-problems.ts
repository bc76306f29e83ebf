import type { Diagnostic } from '../model/diagnostic.ts';
import type { UnreachableHost } from '../model/observation.ts';
import type { Revision } from '../model/revision.ts';
import { formatRevision } from '../model/revision.ts';
import { renderDiagnostics } from '../report/render-diagnostics.ts';
import type { Output } from './output.ts';

/** Says on stderr that a commit cannot be accepted, with everything that is wrong with it. */
export function reportRefused(
  output: Output,
  revision: Revision,
  diagnostics: readonly Diagnostic[],
): void {
  output.error(renderDiagnostics(diagnostics, output.noteStyle));
  output.error(`Cannot accept ${formatRevision(revision)}: nothing is changed on any host`);
}

/** Gives what it has said; notes only with --verbose. */
export function reportWarnings(
  output: Output,
  diagnostics: readonly Diagnostic[],
): readonly Diagnostic[] {
  const shown = diagnostics.filter(({ severity }) => severity !== 'note' || output.verbose);
  if (shown.length > 0) output.note(renderDiagnostics(shown, output.noteStyle));
  return shown;
}

export function reportUnreachable(output: Output, hosts: readonly UnreachableHost[]): void {
  for (const { host, reason } of hosts) {
    output.error(output.noteStyle.red(`Cannot reach host "${host}": ${reason}`));
  }
}
