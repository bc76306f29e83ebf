import type { Constraint } from '../model/application.ts';
import type { HostSpec } from '../model/fleet.ts';
import type { EngineFacts } from '../model/observation.ts';

/** A host as placement sees it: what fleet.yaml says of it and what its engine says of itself. */
export interface CandidateHost {
  readonly spec: HostSpec;
  readonly engine: EngineFacts;
}

/**
 * Whether a host admits a constraint, by the rules of SwarmKit's constraint.go: values are compared without regard to
 * case, and a missing label is the empty string, so that `!=` matches hosts without it.
 */
export function admits(host: CandidateHost, constraint: Constraint): boolean {
  const actual = attributeOf(host, constraint.key).toLowerCase();
  const matches = actual === constraint.value.toLowerCase();
  return constraint.operator === '==' ? matches : !matches;
}

const nodeLabels = 'node.labels.';
const engineLabels = 'engine.labels.';

/** What a host has under a key of constraints and preferences; empty: nothing. */
export function attributeOf(host: CandidateHost, key: string): string {
  const { spec, engine } = host;
  if (key.startsWith(nodeLabels)) return spec.labels[key.slice(nodeLabels.length)] ?? '';
  if (key.startsWith(engineLabels)) return engine.labels[key.slice(engineLabels.length)] ?? '';
  switch (key) {
    case 'node.id':
      return engine.id;
    case 'node.hostname':
      return spec.name;
    case 'node.ip':
      return spec.address;
    case 'node.platform.os':
      return engine.os;
    case 'node.platform.arch':
      return engine.architecture;
    default:
      return '';
  }
}
