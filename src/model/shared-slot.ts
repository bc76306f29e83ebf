import type { ServiceSpec } from './application.ts';

/** The services of which an instance shares something, each once. */
export function sharedServices({ container }: Pick<ServiceSpec, 'container'>): readonly string[] {
  const { network, ipc, pid, volumes = [] } = container.shares ?? {};
  const names = [network, ipc, pid, ...volumes.map(({ from }) => from)];
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** The slot of a service that another one's slot shares with: its only one, or that of the same name. */
export function sharedSlot({ mode, replicas }: ServiceSpec, slot: string): string {
  return mode === 'replicated' && replicas === 1 ? '1' : slot;
}
