import type { AdoptionInterest } from '../model/adoption.ts';
import type { FleetSpec } from '../model/fleet.ts';
import type { ImageLookup, LookupOutcome } from '../model/lookup.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import type { HostObservation } from '../model/observation.ts';
import type { Step, StepOutcome } from '../model/step.ts';

/** What is left of an instance that failed: for the person who has to find out why. */
export interface Evidence {
  /** Last lines of its log, oldest first, at most 20. */
  readonly log: readonly string[];
  /** Output of the last health probes, oldest first. */
  readonly health: readonly string[];
}

/** What a container has used of the CPUs since its start. */
export interface CpuUsage {
  /** When it was read, by the clock of its host, in milliseconds since the epoch. */
  readonly at: number;
  /** Nanoseconds of one CPU. */
  readonly usedNs: number;
}

/** How a command that was run in a container ended. */
export interface CommandEnd {
  readonly exitCode: number;
  /** What it said, on both streams: bytes, since some of it is told by its length. */
  readonly output: Buffer;
}

/**
 * The hosts of the fleet, observed and acted upon. Observations are kept current by events, by a full list at connect
 * and at an interval, and by a fresh inspect after each step.
 */
export interface Fleet extends AsyncDisposable {
  /**
   * Connects to new hosts, forgets removed ones and keeps those that did not change. Containers of others that are of
   * interest are observed in full too: on a host that was seen before, once it has been refreshed.
   */
  configure(spec: FleetSpec, interest: AdoptionInterest): void;
  /** One observation per configured host. A host not yet seen is `unreachable` with the reason `not observed yet`. */
  snapshot(): ReadonlyMap<HostName, HostObservation>;
  /** Observes every host in full now; a host that does not answer within its deadline is `unreachable`. Never throws. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Observes one host in full now, as refresh() does all of them. Never throws. */
  look(host: HostName, signal: AbortSignal): Promise<void>;
  /** Hosts that have neither been seen nor failed to answer since they were configured. */
  unseen(): readonly HostName[];
  /**
   * Executes one step through the queue of its host. Never throws: trouble is an outcome. When it resolves, the snapshot
   * shows what the step did.
   */
  execute(step: Step, signal: AbortSignal): Promise<StepOutcome>;
  /** Asks a registry what a tag means, past the queue of the host. Never throws. */
  lookUp(lookup: ImageLookup, signal: AbortSignal): Promise<LookupOutcome>;
  /**
   * Log and health output of a container; null when its host does not answer. When it resolves, the snapshot shows the
   * container as it is. Never throws.
   */
  evidence(host: HostName, container: ContainerId, signal: AbortSignal): Promise<Evidence | null>;
  /** What a container uses, past the queue of its host; null: it cannot be known. Never throws. */
  usage(host: HostName, container: ContainerId, signal: AbortSignal): Promise<CpuUsage | null>;
  /**
   * Runs a command in a container, past the queue of its host; a text: why it cannot be known how it ended. It is for
   * questions, and for changes that can be made twice. Never throws.
   */
  ask(
    host: HostName,
    container: ContainerId,
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<CommandEnd | string>;
  /** Calls back when the snapshot of a host changed. Returns the way to stop. */
  subscribe(onChange: (host: HostName) => void): () => void;
  /** Number of Engine API requests so far, for benchmarks and status. */
  calls(): number;
}
