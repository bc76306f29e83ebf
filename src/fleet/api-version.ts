import { apiAtLeast } from '../model/api-at-least.ts';
import type { WireVersion } from './wire.ts';

/** The oldest Engine API that has all we need: Docker 20.10. */
const oldestApiVersion = '1.41';
/** The newest Engine API that this code was written against. */
const newestApiVersion = '1.51';

export type Negotiation =
  | { readonly kind: 'agreed'; readonly apiVersion: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** The highest version that both sides speak, or the reason why there is none. */
export function negotiateApiVersion(offer: WireVersion): Negotiation {
  const podman = offer.Components?.find(({ Name: name }) => name === 'Podman Engine');
  if (podman !== undefined) return { kind: 'refused', reason: podmanReason(podman.Version) };
  const newest = offer.ApiVersion ?? '';
  const oldest = offer.MinAPIVersion ?? oldestApiVersion;
  if (!isApiVersion(newest) || !isApiVersion(oldest)) {
    return { kind: 'refused', reason: 'what answers there is not a Docker Engine' };
  }
  const engine = `Docker ${offer.Version ?? 'of unknown version'}`;
  if (!apiAtLeast(newest, oldestApiVersion)) {
    const reason = `${engine} speaks Engine API ${newest} at most, and ${oldestApiVersion} is needed: update it to Docker 20.10 or newer`;
    return { kind: 'refused', reason };
  }
  if (!apiAtLeast(newestApiVersion, oldest)) {
    const reason = `${engine} speaks Engine API ${oldest} at least, and this release speaks ${newestApiVersion} at most: update Fleetwright`;
    return { kind: 'refused', reason };
  }
  return {
    kind: 'agreed',
    apiVersion: apiAtLeast(newest, newestApiVersion) ? newestApiVersion : newest,
  };
}

/** It answers as Docker would, and an instance made there could never be promoted: to begin would only leave things behind. */
function podmanReason(version = 'of unknown version'): string {
  return `Podman ${version} answers there: through its Docker API the restart policy of a container cannot be changed, by which instances are promoted; use Docker 20.10 or newer`;
}

function isApiVersion(text: string): boolean {
  return /^\d+\.\d+$/.test(text);
}
