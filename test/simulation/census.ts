import type { Gate } from '../../src/model/application.ts';
import type { InstanceIdentity } from '../../src/model/labels.ts';
import { label, parseIdentity, slotKey } from '../../src/model/labels.ts';
import type { ContainerTruth } from './engine/truth.ts';
import { fleetName } from './manifest-files.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** A container as it really is, whoever can see it. */
export interface TrueContainer {
  readonly host: SimulatedHost;
  readonly raw: ContainerTruth;
  readonly id: string;
  readonly name: string;
  /** Null when it is not ours. */
  readonly identity: InstanceIdentity | null;
  /** Key of its slot; empty when it is not ours. */
  readonly slot: string;
  /** It runs, stands still or is about to run again. */
  readonly isLive: boolean;
}

/** What a container is that carries no labels of ours, and was adopted; null: it was not. */
export type Adopted = (id: string) => InstanceIdentity | null;

/** The containers of one host, read again only when something has changed on it. */
export class Census {
  readonly #host: SimulatedHost;
  readonly #adopted: Adopted;
  #revision = -1;
  #containers: readonly TrueContainer[] = [];

  constructor(host: SimulatedHost, adopted: Adopted) {
    this.#host = host;
    this.#adopted = adopted;
  }

  /** The oldest first. */
  read(): readonly TrueContainer[] {
    const { engine } = this.#host;
    if (this.#revision === engine.revision && !this.#containers.some(isComposed)) {
      return this.#containers;
    }
    this.#revision = engine.revision;
    this.#containers = engine
      .truth()
      .containers.map((raw) => toTrueContainer(this.#host, raw, this.#adopted));
    return this.#containers;
  }

  find(idOrName: string): TrueContainer | null {
    return this.read().find(({ id, name }) => id === idOrName || name === idOrName) ?? null;
  }
}

/** Whose it is stands in the journal of the operator, which changes without anything happening on the host. */
export function isComposed({ raw }: Pick<TrueContainer, 'raw'>): boolean {
  return raw.labels[label.fleet] === undefined && raw.labels[label.composeProject] !== undefined;
}

function toTrueContainer(
  host: SimulatedHost,
  raw: ContainerTruth,
  adopted: Adopted,
): TrueContainer {
  const { id, name, labels, status } = raw;
  const identity =
    labels[label.fleet] === fleetName
      ? parseIdentity(labels)
      : isComposed({ raw })
        ? adopted(id)
        : null;
  return {
    host,
    raw,
    id,
    name,
    identity,
    slot: identity === null ? '' : slotKey(identity),
    isLive: status === 'running' || status === 'paused' || status === 'restarting',
  };
}

/** Clocks that differ by less are taken for equal: see project-engine.ts. */
const tolerableSkewMs = 500;

/** Whether a container does what the gate of its service asks for, at this moment. */
export function isAvailable({ raw, host }: TrueContainer, gate: Gate | null): boolean {
  const isWell = raw.health === 'none' || raw.health === 'healthy';
  if (!raw.isRunning || !isWell || gate === null) return false;
  // Nobody can have found that it is well for long enough.
  const hasLasted =
    host.clock.now() - (raw.startedAt ?? 0) >= gate.minHealthyTimeMs - tolerableSkewMs;
  if (!hasLasted) return false;
  const { probe } = gate;
  if (probe === null) return true;
  if (raw.isReady) return true;
  const port = raw.open.find(({ key }) => key === `${probe.port}/tcp`);
  return (
    probe.kind === 'tcp' && port !== undefined && host.engine.probe(port.hostPort) === 'http-503'
  );
}
