import { complain, items, readText, type Cursor } from '../cursor.ts';
import { unreadable } from '../read-documents.ts';
import type { Subject } from '../subject.ts';

/**
 * `key=value`; the engine's old notation `key:value` is rewritten, and `no-new-privileges=true` is the bare word. A profile
 * of seccomp is a file of the repository, and goes to the engine as its content.
 */
export function resolveSecurityOptions(subject: Subject, options: Cursor): readonly string[] {
  const read = items(options).flatMap((item) => {
    const text = readText(item) ?? '';
    const rewritten = text.includes('=') ? text : text.replace(':', '=');
    const option = rewritten === 'no-new-privileges=true' ? 'no-new-privileges' : rewritten;
    const [, profile] = /^seccomp=(?!unconfined$|builtin$)(.*)$/.exec(option) ?? [];
    return profile === undefined ? [option] : readProfile(subject, item, profile);
  });
  return [...new Set(read)].toSorted();
}

function readProfile(subject: Subject, item: Cursor, path: string): readonly string[] {
  const state = subject.files.readFrom(subject.source.folder, path);
  if (state.kind === 'needed') return [];
  if (state.kind !== 'read') {
    item.report(unreadable(state, item.origin, item.path, 'seccomp profile'));
    return [];
  }
  const profile = compactJson(Buffer.from(state.bytes).toString('utf8'));
  if (profile !== null) return [`seccomp=${profile}`];
  complain(item, 'invalid-value', `"${path}" is not a seccomp profile: it is not JSON`);
  return [];
}

function compactJson(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return null;
  }
}
