import type { NetworkAttachment } from './container.ts';

/** The network that a container is created in: the one with the highest priority, and of several the first by name. */
export function primaryNetwork(
  attachments: readonly NetworkAttachment[],
): NetworkAttachment | undefined {
  return attachments.toSorted((a, b) => (b.priority ?? 0) - (a.priority ?? 0))[0];
}
