import { docker } from './command-line.ts';
import type { Ground } from './ground.ts';

/** Removes what the demo made on an engine that is not its own. */
export async function removeFleet(ground: Ground, fleet: string): Promise<void> {
  const filter = ['--quiet', '--filter', `label=fleetwright.fleet=${fleet}`];
  for (const { env } of ground.hosts) {
    const containers = words(await docker(env, 'ps', '--all', ...filter));
    if (containers.length > 0) await docker(env, 'rm', '--force', '--volumes', ...containers);
    const networks = words(await docker(env, 'network', 'ls', ...filter));
    if (networks.length > 0) await docker(env, 'network', 'rm', ...networks);
    const volumes = words(await docker(env, 'volume', 'ls', ...filter));
    if (volumes.length > 0) await docker(env, 'volume', 'rm', ...volumes);
  }
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
