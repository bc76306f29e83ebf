import type { Volumes } from '../generated/volumes.ts';
import type { Style } from './style.ts';
import { columns } from './text.ts';

/** The volumes as text, each with what it is named by for `volume rm`, and why it stays. */
export function renderVolumes({ volumes }: Volumes, style: Style): string {
  if (volumes.length === 0) return style.dim('No host has a volume of this fleet.');
  return columns(
    volumes.map(({ host, name, application, usedBy, wantedBy }) => [
      `${host}/${name}`,
      application,
      wantedBy.length === 0 ? 'not wanted' : `wanted by ${wantedBy.join(', ')}`,
      usedBy.length === 0 ? 'not used' : `used by ${usedBy.join(', ')}`,
    ]),
  ).join('\n');
}
