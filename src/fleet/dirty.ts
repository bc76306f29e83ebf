import type { Action } from '../model/step.ts';
import { containerNameOf } from '../model/labels.ts';
import type { WireEvent } from './wire.ts';

/** What of a host must be read again. */
export interface Dirty {
  /** Ids or names. */
  readonly containers: ReadonlySet<string>;
  /** Ids of containers whose files must be looked at again. */
  readonly files: ReadonlySet<string>;
  readonly networks: boolean;
  readonly volumes: boolean;
  readonly images: boolean;
}

export const clean: Dirty = {
  containers: new Set(),
  files: new Set(),
  networks: false,
  volumes: false,
  images: false,
};

export function mergeDirty(a: Dirty, b: Dirty): Dirty {
  return {
    containers: new Set([...a.containers, ...b.containers]),
    files: new Set([...a.files, ...b.files]),
    networks: a.networks || b.networks,
    volumes: a.volumes || b.volumes,
    images: a.images || b.images,
  };
}

/**
 * The events that change what we observe or say why it changed, as a filter for the engine: each run of a HEALTHCHECK makes
 * three more that do neither. There is no filter by label, since `network connect` would be lost under one.
 */
export const eventFilters = JSON.stringify({
  type: ['container', 'network', 'volume', 'image'],
  event: (
    'create start restart kill die stop oom pause unpause rename update destroy health_status ' +
    'extract-to-dir connect disconnect remove pull tag untag delete load import'
  ).split(' '),
});

/** What an event makes dirty. It is a hint: whatever it says, the host is read. */
export function dirtyByEvent(event: WireEvent): Dirty {
  const id = event.Actor?.ID ?? '';
  switch (event.Type) {
    case 'container': {
      // What a signal does comes with events of its own.
      if (id === '' || event.Action === 'kill') return clean;
      const ids = new Set([id]);
      return { ...clean, ...(isCopy(event) ? { files: ids } : { containers: ids }) };
    }
    case 'network': {
      const container = event.Actor?.Attributes?.['container'] ?? '';
      if (event.Action === 'connect' || event.Action === 'disconnect') {
        return container === '' ? clean : { ...clean, containers: new Set([container]) };
      }
      return { ...clean, networks: true };
    }
    case 'volume':
      return { ...clean, volumes: true };
    case 'image':
      return { ...clean, images: true };
    default:
      return clean;
  }
}

/** Somebody has put files into a container. */
export function isCopy({ Action: action }: WireEvent): boolean {
  return action === 'extract-to-dir';
}

/** What an action may have changed, whatever came of it. */
export function dirtyByAction(action: Action): Dirty {
  switch (action.kind) {
    case 'pull-image':
    case 'remove-image':
      return { ...clean, images: true };
    case 'create-network':
    case 'remove-network':
      return { ...clean, networks: true };
    case 'create-volume':
    case 'remove-volume':
      return { ...clean, volumes: true };
    case 'create-container': {
      const name = containerNameOf(action.identity, action.service);
      // The engine makes the named volumes that are missing.
      return { ...clean, containers: new Set([name]), volumes: true };
    }
    case 'remove-container':
      return { ...clean, containers: new Set([action.guard.id]), volumes: true };
    case 'deliver-files': {
      const ids = new Set([action.guard.id]);
      return { ...clean, containers: ids, files: ids };
    }
    case 'admit-endpoint':
    case 'withdraw-endpoint':
    case 'remove-endpoint':
    case 'route-requests':
      return clean;
    case 'start-container':
    case 'run-hooks':
    case 'unpause-container':
    case 'update-container':
    case 'rename-container':
    case 'connect-network':
    case 'disconnect-network':
    case 'stop-container':
      return { ...clean, containers: new Set([action.guard.id]) };
  }
}
