import { dirname } from 'node:path';

import type Docker from 'dockerode';
import { inject } from 'vitest';

import { label } from '../../src/model/labels.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { openSandbox } from '../../src/sandbox/sandbox.ts';
import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import { connectEngine } from '../../src/sandbox/sandbox-host.ts';

// A worker goes on for seconds after the main process of its run was ended, and would use hosts that are being taken down.
process.once('disconnect', () => process.exit(1));

/** The fleet of three hosts that all engine tests share. It cannot be disposed of: the next file needs it too. */
export type SharedSandbox = Omit<Sandbox, typeof Symbol.asyncDispose>;

export function sharedSandbox(): SharedSandbox {
  const { [Symbol.asyncDispose]: _dispose, ...shared } = openSandbox(
    dirname(inject('sandbox').fleet),
  );
  return shared;
}

/** A client as a person at a shell of the host has one: it goes past the operator. */
export function shellOf(host: HostDescription): Docker {
  return connectEngine(host);
}

/**
 * Removes all containers, networks and volumes from hosts.
 *
 * @param fleet only those that carry the label of this fleet
 */
export async function clearHosts(hosts: readonly HostDescription[], fleet?: string): Promise<void> {
  await Promise.all(hosts.map(async (host) => await clearHost(shellOf(host), fleet)));
}

async function clearHost(engine: Docker, fleet: string | undefined): Promise<void> {
  const filters = fleet === undefined ? {} : { label: [`${label.fleet}=${fleet}`] };
  const containers = await engine.listContainers({ all: true, filters });
  await Promise.all(
    containers.map(async ({ Id }) => {
      await engine.getContainer(Id).remove({ force: true, v: true });
    }),
  );
  const networks = await engine.listNetworks({ filters: { ...filters, type: ['custom'] } });
  await Promise.all(
    networks.map(async ({ Id }) => {
      await engine.getNetwork(Id).remove();
    }),
  );
  const { Volumes } = await engine.listVolumes({ filters });
  await Promise.all(
    (Volumes ?? []).map(async ({ Name }) => {
      await engine.getVolume(Name).remove({ force: true });
    }),
  );
}
