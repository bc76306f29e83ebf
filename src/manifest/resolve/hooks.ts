import type { Hook, Hooks } from '../../model/hooks.ts';
import { present } from '../../model/present.ts';
import {
  child,
  complain,
  isEmptyOrNull,
  items,
  members,
  readBoolean,
  readText,
  readTexts,
  type Cursor,
} from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { warnOfRewriting } from './text-map.ts';

/** The commands that are run in a container after its start and before its stop. */
export function resolveHooks(subject: Subject, service: Cursor): { readonly hooks?: Hooks } {
  const read = (key: string): readonly Hook[] =>
    items(child(service, key)).map((item) => resolveHook(subject, item));
  const hooks: Hooks = present({ postStart: read('post_start'), preStop: read('pre_stop') });
  return present({ hooks });
}

function resolveHook(subject: Subject, hook: Cursor): Hook {
  const command = readTexts(child(hook, 'command'));
  if (command.length === 0) {
    complain(child(hook, 'command'), 'invalid-value', '"command" of a hook must name a program');
  }
  return {
    command,
    ...present({
      user: readText(child(hook, 'user')),
      workingDir: readText(child(hook, 'working_dir')),
      privileged: readBoolean(child(hook, 'privileged')) || null,
      environment: resolveVariables(subject, child(hook, 'environment')),
    }),
  };
}

/** A name without a value takes a declared variable; when there is none, it is that of the container. */
function resolveVariables(
  { variables }: Subject,
  environment: Cursor,
): Readonly<Record<string, string>> {
  const values = members(environment).flatMap(([name, cursor]): readonly [string, string][] => {
    warnOfRewriting(cursor);
    const value = isEmptyOrNull(cursor) ? variables.get(name) : readText(cursor);
    return value === undefined || value === null ? [] : [[name, value]];
  });
  return Object.fromEntries(values);
}
