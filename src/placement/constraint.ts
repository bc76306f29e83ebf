import type { Constraint } from '../model/application.ts';
import type { HostSpec } from '../model/fleet.ts';
import { meetsAsWritten, satisfies, writtenAttribute } from '../model/host-attribute.ts';
import type { EngineFacts } from '../model/observation.ts';

/** A host as placement sees it: what fleet.yaml says of it and what its engine says of itself. */
export interface CandidateHost {
  readonly spec: HostSpec;
  readonly engine: EngineFacts;
}

/** Whether a host admits a constraint; a missing label is the empty string, so that `!=` matches hosts without it. */
export function admits(host: CandidateHost, constraint: Constraint): boolean {
  return (
    meetsAsWritten(host.spec, constraint) ??
    satisfies(attributeOf(host, constraint.key), constraint)
  );
}

const engineLabels = 'engine.labels.';

/** What a host has under a key of constraints and preferences; empty: nothing. */
export function attributeOf(host: CandidateHost, key: string): string {
  const { spec, engine } = host;
  const written = writtenAttribute(spec, key);
  if (written !== undefined) return written;
  if (key.startsWith(engineLabels)) return engine.labels[key.slice(engineLabels.length)] ?? '';
  switch (key) {
    case 'node.id':
      return engine.id;
    case 'node.platform.os':
      return engine.os;
    case 'node.platform.arch':
      return engine.architecture;
    default:
      return '';
  }
}
