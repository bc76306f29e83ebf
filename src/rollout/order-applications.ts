import type { ApplicationSpec } from '../model/application.ts';

/** In which order applications change. */
export interface DecisionOrder {
  /** Each after those that it depends on and after all of lower waves; ties by name. */
  readonly applications: readonly ApplicationSpec[];
  /**
   * The wave of each application, by name: the one that its manifest gives, or that of the lowest application which
   * depends on it. Otherwise a low wave that needs a higher one could never begin.
   */
  readonly waves: ReadonlyMap<string, number>;
}

/**
 * Orders applications, whose names differ. It knows an answer for all input: dependencies that are not among them count
 * for nothing, and a cycle, which the manifest room refuses, is broken by name.
 */
export function decisionOrder(applications: readonly ApplicationSpec[]): DecisionOrder {
  const byDependency = orderByDependency(applications);
  const waves = wavesOf(byDependency);
  const waveOf = ({ name, wave }: ApplicationSpec): number => waves.get(name) ?? wave;
  return {
    applications: byDependency.toSorted((a, b) => waveOf(a) - waveOf(b)),
    waves,
  };
}

/** Layer by layer: those that wait for nothing, those that wait for the first layer only, and so on. */
function orderByDependency(applications: readonly ApplicationSpec[]): readonly ApplicationSpec[] {
  const byName = applications.toSorted((a, b) => compareNames(a.name, b.name));
  const specs = new Map(byName.map((spec) => [spec.name, spec]));
  const dependants = new Map<string, string[]>();
  const unmet = new Map<string, number>();
  for (const spec of byName) {
    const needed = [...neededBy(spec)].filter((name) => specs.has(name));
    unmet.set(spec.name, needed.length);
    for (const name of needed) {
      const known = dependants.get(name);
      if (known === undefined) dependants.set(name, [spec.name]);
      else known.push(spec.name);
    }
  }
  const ordered = new Set<ApplicationSpec>();
  let layer = byName.filter(({ name }) => unmet.get(name) === 0);
  while (ordered.size < byName.length) {
    // Only a cycle leaves some that all wait.
    if (layer.length === 0) layer = byName.filter((spec) => !ordered.has(spec)).slice(0, 1);
    for (const spec of layer) ordered.add(spec);
    const next: ApplicationSpec[] = [];
    for (const name of layer.flatMap((spec) => dependants.get(spec.name) ?? [])) {
      const left = (unmet.get(name) ?? 0) - 1;
      unmet.set(name, left);
      const spec = specs.get(name);
      if (left === 0 && spec !== undefined && !ordered.has(spec)) next.push(spec);
    }
    layer = next.toSorted((a, b) => compareNames(a.name, b.name));
  }
  return [...ordered];
}

/** Dependants come before what they depend on, so that a low wave is handed down all the way. */
function wavesOf(byDependency: readonly ApplicationSpec[]): ReadonlyMap<string, number> {
  const waves = new Map(byDependency.map(({ name, wave }) => [name, wave]));
  for (const spec of byDependency.toReversed()) {
    const wave = waves.get(spec.name) ?? spec.wave;
    for (const name of neededBy(spec)) {
      const before = waves.get(name);
      if (before !== undefined && before > wave) waves.set(name, wave);
    }
  }
  return waves;
}

function neededBy(spec: ApplicationSpec): ReadonlySet<string> {
  const names = spec.dependsOn.map(({ application }) => application);
  return new Set(names.filter((name) => name !== spec.name));
}

function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
