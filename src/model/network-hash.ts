import type { NetworkSpec } from './application.ts';
import { digestOf } from './digest.ts';
import { label, ownerLabels } from './labels.ts';

/** Of all that a network is made from. Its name says which one it is, and is not in it. */
export function networkHash(network: NetworkSpec): string {
  const { name: _name, origin: _origin, external: _external, ...made } = network;
  return digestOf(made);
}

/** Labels of a network that we create, beside those that its manifest gives it. */
export function networkLabels(
  fleet: string,
  application: string,
  network: NetworkSpec,
): Record<string, string> {
  return { ...ownerLabels(fleet, application), [label.hash]: networkHash(network) };
}
