/** What a manifest is made of. */
export type YamlValue =
  | string
  | number
  | boolean
  | null
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue };

export type YamlMap = Readonly<Record<string, YamlValue>>;

/** The keys that hold something: what is null, empty or false where that is the default is not written. */
export function written(fields: Readonly<Record<string, YamlValue | undefined>>): YamlMap {
  return Object.fromEntries(
    Object.entries(fields).filter(
      (entry): entry is [string, YamlValue] => entry[1] !== undefined && holdsSomething(entry[1]),
    ),
  );
}

function holdsSomething(value: YamlValue): boolean {
  if (value === null || value === '' || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** A dollar sign stands for itself: the value is not to be filled in by a variable. */
export function escaped(value: YamlValue): YamlValue {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(escaped);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, escaped(each)]));
}
