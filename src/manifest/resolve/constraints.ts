import type { Constraint } from '../../model/application.ts';
import { child, items, readText, readTextWith, type Cursor } from '../cursor.ts';
import { parseConstraint } from '../scalars/constraint.ts';

/** Placement constraints in the order written. */
export function resolveConstraints(service: Cursor): readonly Constraint[] {
  return items(child(service, 'deploy', 'placement', 'constraints')).flatMap((item) => {
    const constraint = readTextWith(item, parseConstraint);
    const text = readText(item) ?? '';
    return constraint === null ? [] : [{ ...constraint, text, origin: item.origin }];
  });
}
