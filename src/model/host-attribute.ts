import type { Constraint } from './application.ts';
import type { HostSpec } from './fleet.ts';

const nodeLabels = 'node.labels.';

/** What fleet.yaml says of a host under a key of constraints; undefined: only its engine can tell. */
export function writtenAttribute(
  { name, address, labels }: HostSpec,
  key: string,
): string | undefined {
  if (key.startsWith(nodeLabels)) return labels[key.slice(nodeLabels.length)] ?? '';
  if (key === 'node.hostname') return name;
  return key === 'node.ip' ? address : undefined;
}

/** By the rules of SwarmKit's constraint.go: without regard to case. */
export function satisfies(actual: string, { operator, value }: Constraint): boolean {
  const matches = actual.toLowerCase() === value.toLowerCase();
  return operator === '==' ? matches : !matches;
}
