import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { UsageError } from '../model/errors.ts';
import { detectCgroups } from './cgroups.ts';
import { removeHalfMade } from './debian-13.ts';
import { writeEngineConfig } from './engine.ts';
import type { EngineChoice } from './engine-choice.ts';
import { prepareEngine } from './engine-choice.ts';
import { renderFleetFile } from './fleet-file.ts';
import { claimFolder, endClaim, publishFile } from './folder.ts';
import { loadImages, packTestImages } from './image-loading.ts';
import type { HostLayout, SandboxLayout } from './layout.ts';
import { hostLayout, layoutOf } from './layout.ts';
import { createLan } from './network.ts';
import type { Log } from './packages.ts';
import { requireRoot } from './packages.ts';
import { createAuthority, createServerCertificate, publishCredentials } from './pki.ts';
import { clearMachine, endStarts, removeSandbox } from './removal.ts';
import type { HostDescription, Machine, SandboxHost } from './sandbox-host.ts';
import { awaitEngine, createSandboxHost, describeHost, powerOn } from './sandbox-host.ts';
import { hostAddress, lanRange } from './subnet.ts';
import { testImages } from './test-images.ts';
import { together } from './together.ts';

/** What a sandbox is to those who use it, as plain data. */
export interface SandboxDescription {
  /** Path of its `fleet.yaml`. */
  readonly fleet: string;
  /** Folder with one folder of credentials per host. */
  readonly credentials: string;
  readonly hosts: readonly HostDescription[];
  /** Tags of the test images that every engine has. */
  readonly images: readonly string[];
  /** Folder of the file system that the hosts have instead of this machine's; null: this machine's. */
  readonly system: string | null;
}

/** A fleet of real Docker Engines on this machine. Disposing of it takes it down. */
export interface Sandbox extends SandboxDescription, AsyncDisposable {
  readonly hosts: readonly SandboxHost[];
}

export interface SandboxOptions {
  /** 1 to 200. */
  readonly hosts: number;
  /** Folder for `fleet.yaml`, `credentials` and the engines' data; made when it is not there. */
  readonly dir: string;
  /** Which engine the hosts run; default: the one that is installed. */
  readonly engine?: EngineChoice;
  /** Takes lines about the progress. */
  readonly log?: Log;
  /** Tags of test images; default: all of them. */
  readonly images?: readonly string[];
  /** Aborting it takes down what was brought up so far. */
  readonly signal?: AbortSignal;
}

const maxHosts = 200;

/**
 * Brings up a fleet of Docker Engines, each a host of its own: network namespace with its own address, hostname, /run,
 * cgroups and data. The engines demand mutual TLS and can be reached from anywhere on this machine, and from nowhere else.
 * Needs root. If it fails, nothing stays behind.
 *
 * @throws UsageError when the options, the folder or the machine do not permit it
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { hosts, dir, log = () => undefined, images = testImages.map(({ tag }) => tag) } = options;
  if (!Number.isSafeInteger(hosts) || hosts < 1 || hosts > maxHosts) {
    throw new UsageError(`Cannot bring up ${hosts} hosts: give a number from 1 to ${maxHosts}`);
  }
  const unknown = images.find((tag) => !testImages.some((image) => image.tag === tag));
  if (unknown !== undefined)
    throw new UsageError(`Cannot load image "${unknown}": not a test image`);
  const system = await prepareEngine(options.engine ?? 'installed', log, options.signal);
  const layout = layoutOf(dir);
  claimFolder(layout);
  try {
    // Someone may have removed the folder of an earlier fleet without taking that down.
    await clearMachine(layout);
    const wanted = { hosts, images, system };
    const description = await bringUp(layout, wanted, log, options.signal);
    endClaim(layout);
    return toSandbox(layout, description);
  } catch (error) {
    log('taking down what was brought up so far');
    await removeSandbox(layout);
    throw error;
  }
}

/**
 * Gives a sandbox that is up, whoever brought it up.
 *
 * @throws UsageError when there is none in the folder
 */
export function openSandbox(dir: string): Sandbox {
  const layout = layoutOf(dir);
  let text: string;
  try {
    text = readFileSync(descriptionFile(layout), 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot open a fleet in "${dir}": none is up there`, { cause: error });
  }
  return toSandbox(layout, JSON.parse(text) as SandboxDescription);
}

/**
 * Takes down the fleet in a folder, or what is left of it. Nothing there is no error.
 *
 * @throws UsageError when this process is not root's
 */
export async function stopSandbox(dir: string): Promise<void> {
  requireRoot('take down a fleet');
  const layout = layoutOf(dir);
  await endStarts(layout);
  await removeSandbox(layout);
  removeHalfMade();
}

/** The plain data of a sandbox: to print, or to hand to another process. */
export function describeSandbox(sandbox: SandboxDescription): SandboxDescription {
  const { fleet, credentials, images, system } = sandbox;
  const hosts = sandbox.hosts.map(({ name, endpoint, address, env }) => ({
    name,
    endpoint,
    address,
    env,
  }));
  return { fleet, credentials, hosts, images, system };
}

interface Wanted {
  readonly hosts: number;
  readonly images: readonly string[];
  readonly system: string | null;
}

interface HostPlan {
  readonly host: HostLayout;
  readonly machine: Machine;
  readonly description: HostDescription;
}

async function bringUp(
  layout: SandboxLayout,
  { hosts: count, images, system }: Wanted,
  log: Log,
  signal?: AbortSignal,
): Promise<SandboxDescription> {
  const subnet = await createLan(layout, signal);
  const plans: readonly HostPlan[] = Array.from({ length: count }, (_, index) => {
    const host = hostLayout(layout, index + 1);
    const address = hostAddress(subnet, index + 1);
    return { host, machine: { address, system }, description: describeHost(host, address) };
  });
  log(`starting ${count} ${count === 1 ? 'host' : 'hosts'} and building the test images`);
  const [archive] = await together(signal, [
    async (signal) => await packTestImages(layout, images, log, signal),
    async (signal) => await startHosts(layout, plans, lanRange(subnet), signal),
  ]);
  log('loading the test images');
  await together(
    signal,
    plans.map(({ description }) => async (signal) => {
      if (archive) await loadImages(description, archive, signal);
    }),
  );
  const hosts = plans.map(({ description }) => description);
  const { fleetFile: fleet, credentials, fleetName } = layout;
  const description = { fleet, credentials, hosts, images, system };
  publishFile(layout, descriptionFile(layout), JSON.stringify(description));
  publishFile(layout, fleet, renderFleetFile(fleetName, hosts));
  return description;
}

async function startHosts(
  layout: SandboxLayout,
  plans: readonly HostPlan[],
  lan: string,
  signal: AbortSignal,
): Promise<null> {
  const cgroups = detectCgroups();
  await createAuthority(layout, signal);
  const hosts = plans.map(({ host }) => host);
  publishCredentials(layout, hosts);
  await together(
    signal,
    plans.map(({ host, machine, description }) => async (signal) => {
      await createServerCertificate(layout, host, machine.address, signal);
      writeEngineConfig(host, machine.address, lan);
      await powerOn(layout, host, machine, cgroups, signal);
      await awaitEngine(cgroups, host, description, signal);
    }),
  );
  return null;
}

function toSandbox(layout: SandboxLayout, description: SandboxDescription): Sandbox {
  const cgroups = detectCgroups();
  const { system } = description;
  const hosts = description.hosts.map(({ address }, index) => {
    const machine = { address, system };
    return createSandboxHost(layout, hostLayout(layout, index + 1), machine, cgroups);
  });
  return {
    ...description,
    hosts,
    [Symbol.asyncDispose]: async () => await removeSandbox(layout),
  };
}

function descriptionFile(layout: SandboxLayout): string {
  return join(layout.engines, 'sandbox.json');
}
