import type { ServiceSpec } from '../model/application.ts';
import type { ContainerSpec } from '../model/container.ts';
import { sameRestart } from '../model/container.ts';
import { compareResources } from '../drift/compare-container.ts';
import { liveFilesBetween } from '../drift/compare-files.ts';
import { compareNetworks } from '../drift/compare-networks.ts';

/** Whether two versions of a service differ at a path that is changed in place. */
export function isChanged(
  application: string,
  from: ServiceSpec,
  to: ServiceSpec,
  path: string,
): boolean {
  if (path === 'container_name') return from.containerName !== to.containerName;
  if (liveFilesBetween(from, to).includes(path)) return true;
  return pathsBetween(application, from.container, to.container).includes(path);
}

function pathsBetween(
  application: string,
  from: ContainerSpec,
  to: ContainerSpec,
): readonly string[] {
  const fields = [
    ...compareResources(to.resources, from.resources),
    ...compareNetworks(application, to.networks, from.networks),
  ];
  const restart = sameRestart(to.restart, from.restart) ? [] : ['restart'];
  return [...fields.map(({ path }) => path), ...restart];
}
