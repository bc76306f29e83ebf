/** The outcome of reading a scalar in one of Compose's grammars. The message names the text and what was expected. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function malformed(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
