import type { NetworkSpec } from '../../model/application.ts';
import type { NetworkAttachment } from '../../model/container.ts';
import {
  child,
  isPresent,
  members,
  readBoolean,
  readText,
  readTexts,
  type Cursor,
} from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { isExternal, objectName } from './object-name.ts';
import { resolveLabels, resolveTextMap } from './text-map.ts';

/** The network that a service is attached to when it names none. */
const implicitNetwork = 'default';

/** Keys of the networks that a service is attached to, with what it says about each. */
export function attachedNetworks(service: Cursor): readonly (readonly [string, Cursor])[] {
  const networks = child(service, 'networks');
  const named = members(networks);
  return named.length === 0 ? [[implicitNetwork, child(networks, implicitNetwork)]] : named;
}

/** The networks of a service, sorted by their name on the engine. Others reach it there by the name of the service. */
export function resolveAttachments(
  subject: Subject,
  name: string,
  service: Cursor,
): readonly NetworkAttachment[] {
  return attachedNetworks(service)
    .map(([key, attachment]) => ({
      network: objectName(subject, 'networks', key),
      aliases: [...new Set([name, ...readTexts(child(attachment, 'aliases'))])].toSorted(),
    }))
    .toSorted((a, b) => (a.network < b.network ? -1 : 1));
}

/** The networks that some service is attached to. */
export function resolveNetworks(subject: Subject): readonly NetworkSpec[] {
  const used = new Set(
    [...subject.services.values()].flatMap((service) =>
      attachedNetworks(service).map(([key]) => key),
    ),
  );
  return [...used]
    .map((key) => resolveNetwork(subject, key))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function resolveNetwork(subject: Subject, key: string): NetworkSpec {
  const declared = child(subject.root, 'networks', key);
  return {
    name: objectName(subject, 'networks', key),
    external: isExternal(declared),
    driver: readText(child(declared, 'driver')) ?? 'bridge',
    internal: readBoolean(child(declared, 'internal')) ?? false,
    driverOpts: resolveTextMap(child(declared, 'driver_opts')),
    labels: resolveLabels(child(declared, 'labels')),
    origin: isPresent(declared) ? declared.key : child(subject.root, 'services').key,
  };
}
