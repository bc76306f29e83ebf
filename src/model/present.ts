type Present<T> = { -readonly [Key in keyof T]?: NonNullable<T[Key]> };

/** The fields that are set: what is null, or holds nothing, is left out, so that "not set" has one form only. */
export function present<T extends object>(fields: T): Present<T> {
  const kept: Partial<T> = {};
  for (const key of Object.keys(fields) as (keyof T)[]) {
    if (holdsSomething(fields[key])) kept[key] = fields[key];
  }
  return kept as Present<T>;
}

function holdsSomething(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
