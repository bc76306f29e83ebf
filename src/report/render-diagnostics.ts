import type { Diagnostic } from '../model/diagnostic.ts';
import type { Style } from './style.ts';
import { count, formatPosition } from './text.ts';

/** Diagnostics as text: `file:line:column: error: message`, with the hint below, as compilers print them. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], style: Style): string {
  return diagnostics
    .flatMap((diagnostic) => {
      const { severity, message, hint, code } = diagnostic;
      const paint = severity === 'error' ? style.red : style.yellow;
      const where = style.bold(formatPosition(diagnostic));
      const line = `${where}: ${paint(severity)}: ${message} ${style.dim(`[${code}]`)}`;
      return hint === '' ? [line] : [line, `  ${style.cyan('hint')}: ${hint}`];
    })
    .join('\n');
}

/** `2 errors, 1 warning in 3 applications`. */
export function summarizeDiagnostics(
  diagnostics: readonly Diagnostic[],
  applications: number,
): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning').length;
  return `${count(errors, 'error')}, ${count(warnings, 'warning')} in ${count(applications, 'application')}`;
}
