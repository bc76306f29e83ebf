import type { WireEvent } from '../../../src/fleet/wire.ts';
import type { Container } from './container.ts';
import type { EngineState, Network } from './engine-state.ts';
import { changed } from './engine-state.ts';

/** Tells everybody who follows the events of an engine. */
function emit(state: EngineState, event: WireEvent): void {
  changed(state);
  if (state.daemon !== 'up') return;
  state.tellings += 1;
  const at = (state.clock.now() + state.skewMs) * 1_000_000;
  // No two happen in the same microsecond.
  const dated = { ...event, timeNano: at + (state.tellings % 1_000) * 1_000 };
  state.told = [...state.told, dated].slice(-remembered);
  for (const listener of state.listeners) listener(dated);
}

const remembered = 256;

/** The events of a time that is over, as far as the engine remembers them. */
export function pastEvents(
  { told }: EngineState,
  { since = '0', until = '0', filters = '{}' }: Readonly<Record<string, string>>,
): readonly WireEvent[] {
  return told.filter((event) => {
    const at = (event.timeNano ?? 0) / 1_000_000_000;
    return at >= Number(since) && at <= Number(until) && passesFilters(event, filters);
  });
}

/** Labels are attributes of their container's events. */
export function containerEvent(
  state: EngineState,
  container: Container,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const { Labels, Image } = container.config;
  const Attributes = { ...Labels, image: Image, name: container.name, ...attributes };
  emit(state, { Type: 'container', Action: action, Actor: { ID: container.id, Attributes } });
}

export function networkEvent(
  state: EngineState,
  network: Pick<Network, 'id' | 'name' | 'driver'>,
  action: 'create' | 'destroy' | 'connect' | 'disconnect',
  container: Container | null = null,
): void {
  const { id, name, driver } = network;
  const attached = container === null ? {} : { container: container.id };
  const Attributes = { ...attached, name, type: driver };
  emit(state, { Type: 'network', Action: action, Actor: { ID: id, Attributes } });
}

export function volumeEvent(
  state: EngineState,
  name: string,
  driver: string,
  action: 'create' | 'destroy',
): void {
  emit(state, { Type: 'volume', Action: action, Actor: { ID: name, Attributes: { driver } } });
}

export function imageEvent(
  state: EngineState,
  name: string,
  action: 'pull' | 'tag' | 'untag' | 'delete',
): void {
  emit(state, { Type: 'image', Action: action, Actor: { ID: name, Attributes: { name } } });
}

/** Whether `filters` of a request for events let one pass. An event such as `health_status: healthy` goes by its first word. */
export function passesFilters(event: WireEvent, filters: string): boolean {
  const { type: types, event: actions } = JSON.parse(filters) as {
    readonly type?: readonly string[];
    readonly event?: readonly string[];
  };
  const action = event.Action ?? '';
  const word = action.split(':')[0] ?? '';
  return (
    (types === undefined || types.includes(event.Type ?? '')) &&
    (actions === undefined || actions.includes(action) || actions.includes(word))
  );
}
