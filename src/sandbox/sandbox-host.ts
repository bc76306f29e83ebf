import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import Docker from 'dockerode';

import { messageOf } from '../model/errors.ts';
import type { Cgroups } from './cgroups.ts';
import { createHostCgroup, killProcesses, removeCgroup } from './cgroups.ts';
import { engineLogTail, engineOf, enginePort, killEngine, launchEngine } from './engine.ts';
import { insideOf, startHolder } from './holder.ts';
import type { HostLayout, SandboxLayout } from './layout.ts';
import { createHostNetwork, removeNetwork, setCable } from './network.ts';
import { identityIn } from './pki.ts';
import { signalProcess, until } from './processes.ts';

/** What a user needs to reach a host, as `up` prints it. */
export interface HostDescription {
  readonly name: string;
  /** `tcp://10.77.3.11:2376` */
  readonly endpoint: string;
  /** Where its published ports are reached. */
  readonly address: string;
  /** For the `docker` command. */
  readonly env: {
    readonly DOCKER_HOST: string;
    readonly DOCKER_TLS_VERIFY: string;
    readonly DOCKER_CERT_PATH: string;
  };
}

/** A host of a sandbox, and what can befall it. Everything works from any process that runs as root. */
export interface SandboxHost extends HostDescription {
  /** SIGKILL to the engine. Its containers and their published ports go on. */
  killEngine(): Promise<void>;
  /** Starts a killed engine and waits until it answers. */
  startEngine(): Promise<void>;
  /** Power loss: the engine, its containers and the network are gone at once, and only the disk stays. */
  powerOff(): Promise<void>;
  /** Boots it again, and waits until its engine answers, which finds its disk as it was. */
  powerOn(): Promise<void>;
  /** Power loss and boot. */
  powerCycle(): Promise<void>;
  /** The engine takes connections and never answers; containers go on. */
  freeze(): void;
  thaw(): void;
  /** Unplugs the host from the lan: packets vanish, nobody gets an error. */
  partition(): Promise<void>;
  heal(): Promise<void>;
  /** The beginning of a command line whose command is to run on the host. */
  inside(): readonly string[];
}

export function describeHost(host: HostLayout, address: string): HostDescription {
  const endpoint = `tcp://${address}:${enginePort}`;
  const env = {
    DOCKER_HOST: endpoint,
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: host.credentials,
  };
  return { name: host.name, endpoint, address, env };
}

/** What a host is the same with after each boot. */
export interface Machine {
  readonly address: string;
  /** Folder of the file system that it has instead of this machine's; null: this machine's. */
  readonly system: string | null;
}

export function createSandboxHost(
  layout: SandboxLayout,
  host: HostLayout,
  machine: Machine,
  cgroups: Cgroups,
): SandboxHost {
  const description = describeHost(host, machine.address);
  const signalEngine = (signal: NodeJS.Signals): void => {
    const pid = engineOf(cgroups, host);
    if (pid === null)
      throw new Error(`Cannot signal host "${host.name}": its engine is not running`);
    signalProcess(pid, signal);
  };
  const boot = async (): Promise<void> => {
    await powerOn(layout, host, machine, cgroups);
    await awaitEngine(cgroups, host, description);
  };
  return {
    ...description,
    killEngine: async () => await killEngine(cgroups, host),
    startEngine: async () => {
      await launchEngine(cgroups, host);
      await awaitEngine(cgroups, host, description);
    },
    powerOff: async () => await powerOff(layout, host, cgroups),
    powerOn: boot,
    powerCycle: async () => {
      await powerOff(layout, host, cgroups);
      await boot();
    },
    freeze: () => signalEngine('SIGSTOP'),
    thaw: () => signalEngine('SIGCONT'),
    partition: async () => await setCable(host, 'down'),
    heal: async () => await setCable(host, 'up'),
    inside: () => insideOf(cgroups, host),
  };
}

/** A plain client of a host's engine, as a person at a shell has one. */
export function connectEngine(host: HostDescription): Docker {
  const identity = identityIn(host.env.DOCKER_CERT_PATH);
  return new Docker({
    host: host.address,
    port: enginePort,
    protocol: 'https',
    ca: readFileSync(identity.ca),
    cert: readFileSync(identity.cert),
    key: readFileSync(identity.key),
  });
}

/** Brings up the network, the namespaces and the engine of a host. The engine answers only some time later. */
export async function powerOn(
  layout: SandboxLayout,
  host: HostLayout,
  { address, system }: Machine,
  cgroups: Cgroups,
  signal?: AbortSignal,
): Promise<void> {
  createHostCgroup(cgroups, layout.cgroup, host.cgroup);
  await createHostNetwork(layout, host, address, signal);
  await startHolder(cgroups, host, system, signal);
  await launchEngine(cgroups, host, signal);
}

/**
 * Waits until the engine answers.
 *
 * @throws Error with the end of the engine's log
 */
export async function awaitEngine(
  cgroups: Cgroups,
  host: HostLayout,
  description: HostDescription,
  signal?: AbortSignal,
): Promise<void> {
  const client = connectEngine(description);
  const failure = `Cannot start the engine of host "${host.name}"`;
  const ping = async (): Promise<true | null> => {
    try {
      // A race, because dockerode's promise never settles when the connection breaks at the wrong moment.
      return await Promise.race([
        client.ping().then(() => true as const),
        sleep(2000, null, { ref: false }),
      ]);
    } catch {
      if (engineOf(cgroups, host) === null) throw new Error(`it ended\n${engineLogTail(host)}`);
      return null;
    }
  };
  try {
    await until('it does not answer', 60_000, ping, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`${failure}: ${messageOf(error)}`, { cause: error });
  }
}

async function powerOff(layout: SandboxLayout, host: HostLayout, cgroups: Cgroups): Promise<void> {
  await killProcesses(cgroups, host.cgroup);
  await removeNetwork(layout, host);
  removeCgroup(cgroups, host.cgroup);
}
