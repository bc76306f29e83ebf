/** Rules by path. The path of a rule may hold `*` for any one key or index; a literal key goes before it. */
export interface PathTable<T> {
  readonly rule: T | undefined;
  readonly children: ReadonlyMap<string, PathTable<T>>;
}

interface Growing<T> {
  rule: T | undefined;
  readonly children: Map<string, Growing<T>>;
}

/** Builds a table from dotted paths: `services.*.environment`. */
export function pathTable<T>(rules: Iterable<readonly [path: string, rule: T]>): PathTable<T> {
  const root: Growing<T> = { rule: undefined, children: new Map() };
  for (const [path, rule] of rules) {
    let at = root;
    for (const key of path.split('.')) {
      const next = at.children.get(key) ?? { rule: undefined, children: new Map() };
      at.children.set(key, next);
      at = next;
    }
    at.rule = rule;
  }
  return root;
}

/** The rules below one key of what `table` is about, or undefined when there are none. */
export function below<T>(
  table: PathTable<T> | undefined,
  key: string | number,
): PathTable<T> | undefined {
  return table?.children.get(String(key)) ?? table?.children.get('*');
}

/** The dotted path of a member. */
export function memberPath(path: string, key: string | number): string {
  return path === '' ? String(key) : `${path}.${key}`;
}
