import type { ServiceSpec } from './application.ts';

/** The services of which an instance shares something, each once. */
function sharedServices({ container }: Pick<ServiceSpec, 'container'>): readonly string[] {
  const { network, ipc, pid, volumes = [] } = container.shares ?? {};
  const names = [network, ipc, pid, ...volumes.map(({ from }) => from)];
  return [...new Set(names.filter((name) => name !== undefined))];
}

/**
 * The services near which an instance is placed: those that it shares something with, and of a hook the one whose it is, since
 * that may have its data there.
 */
export function neighbours(service: Pick<ServiceSpec, 'container' | 'job'>): readonly string[] {
  const { of } = service.job ?? {};
  if (service.container.shares === undefined && of === undefined) return none;
  return [...sharedServices(service), ...(of === undefined ? [] : [of])];
}

const none: readonly string[] = [];

/** The slot of a service that another one's slot shares with: its only one, or that of the same name. */
export function sharedSlot({ mode, replicas }: ServiceSpec, slot: string): string {
  return mode === 'replicated' && replicas === 1 ? '1' : slot;
}
