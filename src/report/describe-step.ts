import { containerNameOf } from '../model/labels.ts';
import type { Action } from '../model/step.ts';
import type { TrafficEndpoint } from '../model/traffic.ts';

/** A step in words. */
export interface StepWords {
  /** Name of what is acted upon. */
  readonly subject: string;
  /** What exactly; may be empty. */
  readonly detail: string;
}

export function describeAction(action: Action): StepWords {
  switch (action.kind) {
    case 'pull-image':
      return { subject: action.image, detail: '' };
    case 'remove-image':
      return { subject: action.name, detail: '' };
    case 'create-network':
      return { subject: action.network.name, detail: '' };
    case 'create-volume':
      return { subject: action.volume.name, detail: '' };
    case 'remove-network':
    case 'remove-volume':
      return { subject: action.name, detail: '' };
    case 'create-container': {
      const { identity, service } = action;
      return { subject: containerNameOf(identity, service), detail: service.container.image };
    }
    case 'update-container':
      return { subject: action.name, detail: updateDetail(action) };
    case 'deliver-files':
      return { subject: action.name, detail: deliverDetail(action) };
    case 'rename-container':
      return { subject: action.name, detail: `to ${action.to}` };
    case 'connect-network':
      return { subject: action.name, detail: `to ${action.attachment.network}` };
    case 'disconnect-network':
      return { subject: action.name, detail: disconnectDetail(action) };
    case 'run-hooks':
      return { subject: action.name, detail: 'post_start' };
    case 'admit-endpoint':
    case 'withdraw-endpoint':
    case 'remove-endpoint':
      return { subject: action.name, detail: endpointDetail(action.endpoint) };
    case 'route-requests':
      return { subject: action.name, detail: `${action.key} to ${action.backend ?? 'nothing'}` };
    case 'start-container':
    case 'unpause-container':
    case 'stop-container':
    case 'remove-container':
      return { subject: action.name, detail: '' };
  }
}

/** The address of what is only planned is not known yet. */
function endpointDetail({ backend, name, address, port }: TrafficEndpoint): string {
  const [host = '', container = ''] = name.split(':');
  const where = port === 0 ? '' : ` at ${address}:${port}`;
  return `${container} on ${host} for ${backend}${where}`;
}

function deliverDetail({
  targets,
  telling,
}: Extract<Action, { readonly kind: 'deliver-files' }>): string {
  const how = telling.kind === 'restart' ? 'restarts' : `signals ${telling.signals.join(', ')}`;
  return `${targets.join(', ')}, ${how}`;
}

function disconnectDetail({
  network,
  isForAMoment,
}: Extract<Action, { readonly kind: 'disconnect-network' }>): string {
  return isForAMoment === undefined ? `from ${network}` : `from ${network}, for a moment`;
}

function updateDetail(action: Extract<Action, { readonly kind: 'update-container' }>): string {
  if (action.resources !== null) return 'resources';
  if (action.restart === null) return '';
  return action.restart.name === 'no' ? 'retire' : `promote (restart ${action.restart.name})`;
}
