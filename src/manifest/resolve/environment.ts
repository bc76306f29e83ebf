import type { Origin } from '../../model/origin.ts';
import {
  child,
  isEmptyOrNull,
  items,
  members,
  readBoolean,
  readText,
  type Cursor,
} from '../cursor.ts';
import { parseDotenv, parseRawEnv, type EnvVariable } from '../dotenv.ts';
import type { Lookup } from '../expand.ts';
import { unreadable } from '../read-documents.ts';
import type { Subject } from '../subject.ts';
import { warnOfRewriting } from './text-map.ts';

export interface ResolvedEnvironment {
  readonly values: Readonly<Record<string, string | null>>;
  /** Where the values from env files stand, by name. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** Env files in their order, then `environment`. A name without a value takes a declared variable, or is unset. */
export function resolveEnvironment(subject: Subject, service: Cursor): ResolvedEnvironment {
  const fromFiles = readEnvFiles(subject, service);
  const values = new Map<string, string | null>(
    [...fromFiles].map(([name, { value }]) => [name, value]),
  );
  for (const [name, cursor] of members(child(service, 'environment'))) {
    warnOfRewriting(cursor);
    const declared = subject.variables.get(name) ?? null;
    values.set(name, isEmptyOrNull(cursor) ? declared : readText(cursor));
  }
  return {
    values: Object.fromEntries(values),
    origins: new Map([...fromFiles].map(([name, { origin }]) => [name, origin])),
  };
}

function readEnvFiles(subject: Subject, service: Cursor): ReadonlyMap<string, EnvVariable> {
  const variables = new Map<string, EnvVariable>();
  const own = (name: string): string | undefined =>
    readText(child(service, 'environment', name)) ?? undefined;
  for (const item of items(child(service, 'env_file'))) {
    for (const [name, variable] of readEnvFile(subject, item, own, variables)) {
      variables.set(name, variable);
    }
  }
  return variables;
}

function readEnvFile(
  subject: Subject,
  item: Cursor,
  own: Lookup,
  earlier: ReadonlyMap<string, EnvVariable>,
): ReadonlyMap<string, EnvVariable> {
  const none = new Map<string, EnvVariable>();
  const written = child(item, 'path');
  const state = subject.files.readFrom(subject.source.folder, readText(written) ?? '');
  if (state.kind === 'needed') return none;
  if (state.kind !== 'read') {
    const optional = state.kind === 'absent' && readBoolean(child(item, 'required')) === false;
    if (!optional) item.report(unreadable(state, written.origin, written.path, 'env_file'));
    return none;
  }
  const lookup: Lookup = (name) => subject.variables.get(name) ?? own(name);
  const { variables, diagnostics } =
    readText(child(item, 'format')) === 'raw'
      ? parseRawEnv(state.path, state.bytes, lookup)
      : parseDotenv(state.path, state.bytes, lookup, (name) => earlier.get(name)?.value);
  for (const each of diagnostics) item.report(each);
  return variables;
}
