import { createHash } from 'node:crypto';

import type { WireHealthcheck } from '../../../src/fleet/wire.ts';
import type { Behaviour, Invocation } from './behaviour.ts';

/** What an image configuration holds, as its JSON says it. */
export interface ImageConfig {
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  /** `KEY=value` */
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Healthcheck?: WireHealthcheck;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly StopSignal?: string;
}

/** An image as a test describes it. */
export interface ImageDefinition {
  readonly config?: ImageConfig;
  /** Default: `amd64`, which the hosts are. */
  readonly architecture?: string;
  /** What its program does; a function when that hangs on how it is started. */
  readonly behaviour?: Behaviour | ((invocation: Invocation) => Behaviour);
  /** What can be executed in it; default: whatever is asked for. */
  readonly programs?: readonly string[];
  /** Names in its /etc/passwd; default: whatever is asked for. Numbers need no entry. */
  readonly users?: readonly string[];
}

/** An image that was published or loaded. */
export interface SimulatedImage {
  /** `sha256:…`, of its configuration. */
  readonly id: string;
  /** `sha256:…`, of its manifest. */
  readonly digest: string;
  readonly config: ImageConfig;
  readonly architecture: string;
  readonly behaviour: (invocation: Invocation) => Behaviour;
  readonly programs: readonly string[] | null;
  readonly users: readonly string[] | null;
}

/** Makes an image. The same definition under the same name is the same image everywhere. */
export function toImage(reference: string, definition: ImageDefinition): SimulatedImage {
  const { config = {}, architecture = 'amd64', behaviour = {} } = definition;
  const { programs = null, users = null } = definition;
  const behave = typeof behaviour === 'function' ? behaviour : (): Behaviour => behaviour;
  const said = typeof behaviour === 'function' ? '' : behaviour;
  const content = JSON.stringify([reference, config, architecture, programs, users, said]);
  return {
    id: sha256(`config ${content}`),
    digest: sha256(`manifest ${content}`),
    config,
    architecture,
    behaviour: behave,
    programs,
    users,
  };
}

/** The registry that all hosts of a fleet pull from. */
export class SimulatedRegistry {
  readonly #tags = new Map<string, SimulatedImage>();
  readonly #digests = new Map<string, SimulatedImage>();

  /**
   * Publishes an image under a name with a tag, such as `registry:5000/shop/web:1`. A tag that is there already moves to
   * it. Gives the digest.
   */
  publish(reference: string, definition: ImageDefinition): string {
    const image = toImage(reference, definition);
    const repository = reference.slice(0, reference.lastIndexOf(':'));
    this.#tags.set(reference, image);
    this.#digests.set(`${repository}@${image.digest}`, image);
    return image.digest;
  }

  /** By name with tag, or by name with digest. */
  find(reference: string): SimulatedImage | null {
    return this.#tags.get(reference) ?? this.#digests.get(reference) ?? null;
  }
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
