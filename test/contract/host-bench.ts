import type { DockerHost } from '../../src/fleet/docker-host.ts';
import type { WireEvent } from '../../src/fleet/wire.ts';

/**
 * One host under test: the real thing or the simulated one. It has the images of the sandbox, and no registry can be
 * reached from it.
 */
export interface HostBench {
  /** Has negotiated its API version. */
  readonly host: DockerHost;
  /** Lets time pass. */
  sleep(ms: number): Promise<void>;
  /** SIGKILL to the daemon, and a new one that answers. */
  restartDaemon(): Promise<void>;
  /** Power loss and boot, until the daemon answers. */
  powerCycle(): Promise<void>;
  /** SIGKILL to the program of a container, past the engine. */
  killProgram(id: string): Promise<void>;
  /** The events that the operator follows, while something is done and for a moment longer. */
  eventsDuring(act: () => Promise<void>): Promise<readonly WireEvent[]>;
  /** Removes all containers, networks, volumes, and the images called `contract`. */
  clear(): Promise<void>;
}
