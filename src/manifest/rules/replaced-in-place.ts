import { child, isPresent, items, readBoolean, readText, silent, type Cursor } from '../cursor.ts';
import { resolvePorts } from '../resolve/port.ts';

/** Why two instances of a service cannot stand side by side, in words; null when they can. */
export function reasonToReplaceInPlace(service: Cursor): string | null {
  const order = child(service, 'deploy', 'update_config', 'order');
  if (readText(order) === 'stop-first') return 'its order is stop-first';
  const name = readText(child(service, 'container_name')) ?? '';
  if (name !== '') return `it has the container name "${name}"`;
  const port = resolvePorts(silent(service)).find(({ published }) => /^\d+$/.test(published));
  if (port !== undefined) return `it publishes host port ${port.published}`;
  const volume = items(child(service, 'volumes')).find(isWrittenVolume);
  if (volume === undefined || isPresent(order)) return null;
  return `it writes to volume "${readText(child(volume, 'source')) ?? ''}" and does not say order: start-first`;
}

function isWrittenVolume(mount: Cursor): boolean {
  const isNamed = (readText(child(mount, 'source')) ?? '') !== '';
  const isReadOnly = readBoolean(child(mount, 'read_only')) === true;
  return readText(child(mount, 'type')) === 'volume' && isNamed && !isReadOnly;
}
