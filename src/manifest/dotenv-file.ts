import type { Diagnostic } from '../model/diagnostic.ts';
import { diagnosticAt } from '../model/diagnostic.ts';
import { parseDotenv, type ParsedEnv } from './dotenv.ts';
import type { FileAccess, FileState } from './file-access.ts';
import type { ScalarNode } from './node.ts';
import { unreadable } from './read-documents.ts';
import { fail, type Project, type Reading } from './reading.ts';
import { startOf } from './report.ts';

export interface ProjectVariables {
  readonly variables: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Compose takes these from its environment; here nothing but the repository decides. */
const ignored: ReadonlyMap<string, string> = new Map([
  ['COMPOSE_FILE', 'manifests are found by their names'],
  ['COMPOSE_PROJECT_NAME', 'the application is named by "name:" or by its folder'],
  ['COMPOSE_ENV_FILES', 'only the .env file beside the manifest is read'],
]);

/** The variables of an application: those of the fleet, overridden by the `.env` file in its folder. Null: bytes needed. */
export function readProjectVariables(
  files: FileAccess,
  folder: string,
  fleet: ReadonlyMap<string, string>,
): ProjectVariables | null {
  const state = files.read(dotenvIn(folder));
  if (state.kind === 'needed') return null;
  if (state.kind === 'absent') return { variables: fleet, diagnostics: [] };
  if (state.kind === 'refused') {
    const problem = unreadable(state, startOf(state.path), '', 'variables');
    return { variables: fleet, diagnostics: [problem] };
  }
  const own = readVariables(state, fleet);
  return { variables: new Map([...fleet, ...own.variables]), diagnostics: own.diagnostics };
}

/**
 * The variables of an included project: those of the including one, and after them those of the files named beside it,
 * by default of the `.env` file in its folder.
 */
export function readIncludeVariables(
  reading: Reading,
  including: Project,
  folder: string,
  envFiles: readonly ScalarNode[] | null,
  path: string,
): ReadonlyMap<string, string> {
  let variables: ReadonlyMap<string, string> = new Map();
  const take = (state: FileState): void => {
    if (state.kind !== 'read') return;
    // Earlier files count in the values of later ones.
    const own = readVariables(state, new Map([...variables, ...including.variables]));
    variables = new Map([...variables, ...own.variables]);
    for (const problem of own.diagnostics) {
      if (problem.severity === 'error') fail(reading, problem);
      else reading.diagnostics.push(problem);
    }
  };
  if (envFiles === null) take(reading.files.read(dotenvIn(folder)));
  for (const written of envFiles ?? []) {
    if (written.value === nowhere) continue;
    const state = reading.files.readFrom(including.folder, String(written.value));
    if (state.kind === 'absent' || state.kind === 'refused') {
      fail(reading, unreadable(state, written.origin, `${path}.env_file`, 'env_file'));
    } else take(state);
  }
  return new Map([...variables, ...including.variables]);
}

/** In an `env_file` of `include`: read no file, not even `.env`. */
const nowhere = '/dev/null';

function dotenvIn(folder: string): string {
  return folder === '' ? '.env' : `${folder}/.env`;
}

function readVariables(
  file: { readonly path: string; readonly bytes: Uint8Array },
  declared: ReadonlyMap<string, string>,
): ProjectVariables {
  const parsed = parseDotenv(file.path, file.bytes, (name) => declared.get(name));
  const taken = [...parsed.variables].filter(([name]) => !ignored.has(name));
  return {
    variables: new Map(taken.map(([name, { value }]) => [name, value])),
    diagnostics: [...parsed.diagnostics, ...ignoredIn(parsed)],
  };
}

function ignoredIn({ variables }: ParsedEnv): readonly Diagnostic[] {
  return [...variables].flatMap(([name, { origin }]) => {
    const reason = ignored.get(name);
    const message = `"${name}" has no effect: ${reason}`;
    return reason === undefined
      ? []
      : [diagnosticAt(origin, name, 'ignored-variable', message, { severity: 'warning' })];
  });
}
