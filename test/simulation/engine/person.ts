import type { ApiResponse, Pending } from './api.ts';
import { isPending } from './api.ts';
import type { Container, HostConfig } from './container.ts';
import { kill, pause, remove, rename, stop, unpause, update } from './container-calls.ts';
import { createContainer } from './create-container.ts';
import { exclusively } from './dispatch.ts';
import type { EngineState } from './engine-state.ts';
import { findContainer } from './find-container.ts';
import { startNow } from './lifecycle.ts';
import { disconnectNetwork } from './networks.ts';

/** One port of a container that a person runs: `8080` published at `18080`. */
export interface PersonPort {
  readonly target: number;
  readonly published: number;
}

/**
 * A human at a shell of the host. What cannot be done is refused by the engine, and the human shrugs. Containers are named
 * by name or id.
 */
export class Person {
  readonly #state: EngineState;

  constructor(state: EngineState) {
    this.#state = state;
  }

  /** Gives the id of the container that now runs. */
  run(
    image: string,
    name: string,
    labels: Readonly<Record<string, string>>,
    ports: readonly PersonPort[],
  ): string | null {
    const bindings = ports.map(({ target, published }) => [
      `${target}/tcp`,
      [{ HostPort: String(published) }],
    ]);
    const body = {
      Image: image,
      Labels: labels,
      ExposedPorts: Object.fromEntries(ports.map(({ target }) => [`${target}/tcp`, {}])),
      HostConfig: { PortBindings: Object.fromEntries(bindings) },
    };
    if (this.#state.daemon !== 'up') return null;
    const answer = createContainer(this.#state, name, body, 'person');
    if (answer.status !== 201) return null;
    const { Id: id } = answer.body as { readonly Id: string };
    this.start(id);
    return id;
  }

  start(idOrName: string): void {
    this.#act(idOrName, (container) => {
      const isDown = !container.isRunning && !container.isBeingRemoved;
      if (isDown) startNow(this.#state, container, 'person', false);
      return { status: 204, body: null };
    });
  }

  stop(idOrName: string): void {
    this.#act(idOrName, (container) => stop(this.#state, container, undefined, 'person'));
  }

  kill(idOrName: string): void {
    this.#act(idOrName, (container) => kill(this.#state, container, idOrName, undefined, 'person'));
  }

  /** By force, whatever it is doing. */
  remove(idOrName: string): void {
    const options = { force: true, volumes: false };
    this.#act(idOrName, (container) => remove(this.#state, container, options, 'person'));
  }

  pause(idOrName: string): void {
    this.#act(idOrName, (container) => pause(this.#state, container, 'person'));
  }

  unpause(idOrName: string): void {
    this.#act(idOrName, (container) => unpause(this.#state, container, 'person'));
  }

  rename(idOrName: string, name: string): void {
    this.#act(idOrName, (container) => rename(this.#state, container, name, 'person'));
  }

  disconnect(idOrName: string, network: string): void {
    this.#act(idOrName, (container) =>
      disconnectNetwork(this.#state, network, { Container: container.id }, 'person'),
    );
  }

  /** The body of `POST /containers/{id}/update`. */
  update(idOrName: string, body: Partial<HostConfig>): void {
    this.#act(idOrName, (container) => update(this.#state, container, body, 'person'));
  }

  #act(idOrName: string, act: (container: Container) => ApiResponse | Pending): void {
    if (this.#state.daemon !== 'up') return;
    const container = findContainer(this.#state, idOrName);
    if (container === null) return;
    const answer = exclusively(this.#state, container, () => act(container));
    // A request that nobody waits for is finished all the same.
    if (isPending(answer)) void answer.later;
  }
}
