import type { ApiResponse } from './api.ts';
import { refusal } from './api.ts';
import type { Container } from './container.ts';
import { bareName } from './container.ts';
import type { EngineState } from './engine-state.ts';

/** By id, by name, or by the beginning of an id. */
export function findContainer(state: EngineState, idOrName: string): Container | null {
  const found = state.containers.get(idOrName) ?? state.names.get(bareName(idOrName));
  if (found !== undefined) return found;
  if (!/^[0-9a-f]+$/.test(idOrName)) return null;
  for (const container of state.containers.values()) {
    if (container.id.startsWith(idOrName)) return container;
  }
  return null;
}

export function noSuchContainer(idOrName: string): ApiResponse {
  return refusal(404, `No such container: ${idOrName}`);
}
