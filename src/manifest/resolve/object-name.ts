import { child, isEmptyOrNull, readBoolean, readText, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';

/** Name on the engine of a top-level network or volume: `name:`, else the key when external, else `<application>_<key>`. */
export function objectName(
  subject: Pick<Subject, 'root' | 'name'>,
  kind: 'networks' | 'volumes',
  key: string,
): string {
  const declared = child(subject.root, kind, key);
  const given = readText(child(declared, 'name')) ?? readText(child(declared, 'external', 'name'));
  return given ?? (isExternal(declared) ? key : `${subject.name}_${key}`);
}

/** `external: true`, or the old form with a name below it. */
export function isExternal(declared: Cursor): boolean {
  const external = child(declared, 'external');
  if (isEmptyOrNull(external)) return false;
  return external.node?.kind === 'map' || readBoolean(external) === true;
}
