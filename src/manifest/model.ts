import { applyExtends } from './extends.ts';
import { applyIncludes } from './include.ts';
import { composeCasts, interpolate } from './interpolate.ts';
import { mergeNodes } from './merge.ts';
import type { Node } from './node.ts';
import { documentsOf, type Project, type Reading } from './reading.ts';
import { rebasePaths } from './rebase-paths.ts';
import { findReplacedMounts } from './replaced-mounts.ts';
import { unify } from './unify.ts';

/**
 * The Compose files of a project as one document, in Compose's order: each document is interpolated, then gets what it
 * includes and extends, and is merged over those before it. Null when there is none (yet).
 */
export function readModel(reading: Reading, project: Project): Node | null {
  const documents = project.paths.flatMap((file) =>
    documentsOf(reading, file).map((document) =>
      completeDocument(reading, project, file, document),
    ),
  );
  const [first, ...others] = documents;
  if (first === undefined) return null;
  const model = others.reduce<Node>((base, override) => {
    const { node, diagnostics } = mergeNodes(base, override);
    reading.diagnostics.push(...diagnostics);
    return node;
  }, first);
  return unify(model);
}

function completeDocument(reading: Reading, project: Project, file: string, document: Node): Node {
  const { folder, variables } = project;
  const { node, diagnostics } = interpolate(document, variables, composeCasts);
  reading.diagnostics.push(...diagnostics, ...findReplacedMounts(node));
  const own = rebasePaths(node, folder, reading.home);
  const whole = applyIncludes(reading, project, file, own, readModel);
  return applyExtends(reading, { file, folder, variables }, whole);
}
