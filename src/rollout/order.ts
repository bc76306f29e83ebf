import type { ServiceSpec } from '../model/application.ts';
import { fixedHostPorts } from '../placement/host-ports.ts';

/** In which order an instance and its successor change places, and why it is not the one asked for. */
export interface ReplaceOrder {
  readonly order: 'start-first' | 'stop-first';
  /** Empty when it is the order that the manifest asks for. */
  readonly reason: string;
  /** The field that rules the other order out; empty when none does. */
  readonly path: string;
}

/**
 * Start-first where it is possible. Two instances cannot hold one host port, and two writers on one volume are only
 * started side by side when the manifest asks for it in so many words.
 */
export function replaceOrder(service: ServiceSpec): ReplaceOrder {
  const asked = service.update.order;
  const port = fixedHostPorts(service.container)[0];
  if (port !== undefined && asked === 'start-first') {
    const reason = `it publishes host port ${port.port}, which two instances cannot share`;
    return { order: 'stop-first', reason, path: 'ports' };
  }
  const explicit = Object.hasOwn(service.origins, 'deploy.update_config.order');
  const volume = service.container.mounts.find(
    (mount) => mount.type === 'volume' && mount.source !== '' && !mount.readOnly,
  );
  if (volume?.type === 'volume' && asked === 'start-first' && !explicit) {
    const reason = `it writes to volume "${volume.source}", which two instances should not share`;
    return { order: 'stop-first', reason, path: 'volumes' };
  }
  return { order: asked, reason: '', path: '' };
}
