import { EngineError } from './engine-error.ts';

/**
 * Puts ids and names into a path. Docker's own names cannot hold what would change the meaning of a path, so whatever
 * does is refused here and not escaped.
 */
export function enginePath(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return parts.reduce((path, part, index) => path + checkName(names[index - 1] ?? '') + part);
}

function checkName(name: string): string {
  const clean = /^[A-Za-z0-9][A-Za-z0-9_.:/@+-]*$/.test(name) && !name.split('/').includes('..');
  if (!clean) throw new EngineError('status', `invalid name "${name.slice(0, 128)}"`, 400);
  return name;
}
