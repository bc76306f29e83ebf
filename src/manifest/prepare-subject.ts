import { canonicalise } from './canonical.ts';
import { cursorAt } from './cursor.ts';
import { fillVariables } from './fill-variables.ts';
import type { FileAccess } from './file-access.ts';
import { addImplicitDependencies } from './implicit-dependencies.ts';
import { applyLabelFiles } from './label-files.ts';
import type { Node } from './node.ts';
import { expandPreStart } from './pre-start.ts';
import type { Report } from './report.ts';
import { createSubject, type Subject } from './subject.ts';
import { unify } from './unify.ts';

export type SubjectContext = Pick<Subject, 'name' | 'source' | 'variables' | 'key'>;

/** A document whose shape was checked, in its canonical form. */
export function prepareSubject(
  context: SubjectContext,
  document: Node,
  { files, report }: { readonly files: FileAccess; readonly report: Report },
): {
  readonly subject: Subject;
  /** Services that were written for pre_start hooks. */
  readonly hooks: ReadonlySet<string>;
} {
  const { source, variables } = context;
  const canonical = canonicalise(document);
  for (const diagnostic of canonical.diagnostics) report(diagnostic);
  const labelled = applyLabelFiles(unify(canonical.node), { files, folder: source.folder, report });
  const expanded = expandPreStart(labelled);
  const whole = fillVariables(addImplicitDependencies(expanded.document), variables);
  const subject = createSubject(cursorAt(whole, report), { ...context, files });
  return { subject, hooks: expanded.hooks };
}
