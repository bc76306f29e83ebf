import type { Diagnostic } from '../model/diagnostic.ts';
import { diagnosticAt } from '../model/diagnostic.ts';
import { parseDotenv } from './dotenv.ts';
import type { FileAccess } from './file-access.ts';
import { unreadable } from './read-documents.ts';
import { startOf } from './report.ts';

export interface ProjectVariables {
  readonly variables: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Compose takes these from its environment; here nothing but the repository decides. */
const ignored: ReadonlyMap<string, string> = new Map([
  ['COMPOSE_FILE', 'manifests are found by their names'],
  ['COMPOSE_PROFILES', 'no profile is active, and services with profiles are left out'],
  ['COMPOSE_PROJECT_NAME', 'the application is named by "name:" or by its folder'],
  ['COMPOSE_ENV_FILES', 'only the .env file beside the manifest is read'],
]);

/** The variables of an application: those of the fleet, overridden by the `.env` file in its folder. Null: bytes needed. */
export function readProjectVariables(
  files: FileAccess,
  folder: string,
  fleet: ReadonlyMap<string, string>,
): ProjectVariables | null {
  const path = folder === '' ? '.env' : `${folder}/.env`;
  const state = files.read(path);
  if (state.kind === 'needed') return null;
  if (state.kind === 'absent') return { variables: fleet, diagnostics: [] };
  if (state.kind === 'refused') {
    return { variables: fleet, diagnostics: [unreadable(state, startOf(path), '', 'variables')] };
  }
  const own = parseDotenv(path, state.bytes, (name) => fleet.get(name));
  const variables = new Map(fleet);
  for (const [name, { value }] of own.variables) {
    if (!ignored.has(name)) variables.set(name, value);
  }
  const warnings = [...own.variables].flatMap(([name, { origin }]) => {
    const reason = ignored.get(name);
    const message = `"${name}" has no effect: ${reason}`;
    return reason === undefined
      ? []
      : [diagnosticAt(origin, name, 'ignored-variable', message, { severity: 'warning' })];
  });
  return { variables, diagnostics: [...own.diagnostics, ...warnings] };
}
