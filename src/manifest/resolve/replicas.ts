import { child, isPresent, type Cursor } from '../cursor.ts';

/** Where a service says how many instances it has: `deploy.replicas`, or the older `scale`. */
export function replicasOf(service: Cursor): Cursor {
  const replicas = child(service, 'deploy', 'replicas');
  return isPresent(replicas) ? replicas : child(service, 'scale');
}
