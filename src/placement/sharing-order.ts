import { neighbours } from '../model/shared-slot.ts';
import type { PlacedService } from './placed-service.ts';

/** Services in turns: each is placed near those of turns before its own. */
export function inSharingOrder(
  services: readonly PlacedService[],
): readonly (readonly PlacedService[])[] {
  if (services.every(({ service }) => neighbours(service).length === 0)) return [services];
  const turns: PlacedService[][] = [];
  let left = services;
  while (left.length > 0) {
    const open = new Set(left.map(keyOf));
    const ready = left.filter(({ application, service }) =>
      neighbours(service).every((name) => !open.has(`${application}/${name}`)),
    );
    // Those that wait for each other are refused before they come here.
    const turn = new Set(ready.length === 0 ? left : ready);
    turns.push([...turn]);
    left = left.filter((each) => !turn.has(each));
  }
  return turns;
}

function keyOf({ application, service }: PlacedService): string {
  return `${application}/${service.name}`;
}
