import type { EngineChange, EngineChangeKind } from '../model/engine-change.ts';
import { label, slotKey } from '../model/labels.ts';
import { toContainerId } from '../model/names.ts';
import type { WireEvent } from './wire.ts';

/** An event as a change, at the time of the engine's clock; null for those that explain no difference. */
export function readEvent(event: WireEvent, receivedAt: number): EngineChange | null {
  const { Type: type, Actor: actor, timeNano } = event;
  const attributes = actor?.Attributes ?? {};
  const id = actor?.ID ?? '';
  const kind = kindOf(event);
  if (kind === null) return null;
  const at = timeNano === undefined ? receivedAt : Math.floor(timeNano / 1_000_000);
  const object = type === 'volume' ? id : (attributes['name'] ?? '');
  if (type === 'container') {
    const slot = slotOf(attributes);
    const detail = detailOf(kind, attributes);
    return { kind, at, container: toContainerId(id), slot, object: '', detail };
  }
  const attached = attributes['container'] ?? '';
  const isAttachment = kind === 'connect' || kind === 'disconnect';
  const container = isAttachment ? toContainerId(attached) : null;
  return { kind, at, container, slot: '', object, detail: '' };
}

const ofContainers: Readonly<Record<string, EngineChangeKind>> = {
  create: 'create',
  destroy: 'destroy',
  die: 'die',
  'extract-to-dir': 'copy',
  'health_status: unhealthy': 'health',
  kill: 'kill',
  oom: 'oom',
  pause: 'pause',
  rename: 'rename',
  stop: 'stop',
  update: 'update',
};

const ofObjects: Readonly<Record<string, EngineChangeKind>> = {
  connect: 'connect',
  create: 'create',
  destroy: 'destroy',
  disconnect: 'disconnect',
};

function kindOf({ Type: type, Action: action = '' }: WireEvent): EngineChangeKind | null {
  if (type === 'container') return ofContainers[action] ?? null;
  return type === 'network' || type === 'volume' ? (ofObjects[action] ?? null) : null;
}

function slotOf(attributes: Readonly<Record<string, string>>): string {
  const application = attributes[label.application] ?? '';
  if (application === '') return '';
  const service = attributes[label.service] ?? '';
  return slotKey({ application, service, slot: attributes[label.slot] ?? '' });
}

function detailOf(kind: EngineChangeKind, attributes: Readonly<Record<string, string>>): string {
  switch (kind) {
    case 'die':
      return attributes['exitCode'] ?? '';
    case 'kill':
      return attributes['signal'] ?? '';
    case 'rename':
      return (attributes['oldName'] ?? '').replace(/^\//, '');
    default:
      return '';
  }
}
