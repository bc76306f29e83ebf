import type { ApplicationDependency } from '../../model/application.ts';
import { child, items, readBoolean, readText, type Cursor } from '../cursor.ts';

/** `x-fleetwright.dependsOn`, sorted by application. */
export function resolveApplicationDependencies(root: Cursor): readonly ApplicationDependency[] {
  return items(child(root, 'x-fleetwright', 'dependsOn'))
    .map(resolveDependency)
    .toSorted((a, b) => (a.application < b.application ? -1 : 1));
}

function resolveDependency(item: Cursor): ApplicationDependency {
  const application = child(item, 'application');
  const condition = readText(child(item, 'condition'));
  return {
    application: readText(application) ?? '',
    condition: condition === 'started' || condition === 'completed' ? condition : 'healthy',
    required: readBoolean(child(item, 'required')) ?? true,
    origin: application.origin,
  };
}
