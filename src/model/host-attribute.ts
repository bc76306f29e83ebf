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

/** The key of constraints on the groups that a host is in. */
export const groupKey = 'node.group';

/** Whether a host satisfies a constraint, as far as fleet.yaml tells; undefined: only its engine can tell. */
export function meetsAsWritten(host: HostSpec, constraint: Constraint): boolean | undefined {
  if (constraint.key === groupKey) {
    const isIn = (host.groups ?? []).some((group) =>
      satisfies(group, { ...constraint, operator: '==' }),
    );
    return isIn === (constraint.operator === '==');
  }
  const actual = writtenAttribute(host, constraint.key);
  return actual === undefined ? undefined : satisfies(actual, constraint);
}

/** By the rules of SwarmKit's constraint.go: without regard to case. */
export function satisfies(actual: string, { operator, value }: Constraint): boolean {
  const matches = actual.toLowerCase() === value.toLowerCase();
  return operator === '==' ? matches : !matches;
}
