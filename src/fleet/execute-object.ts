import type { IpamSpec, NetworkSpec, VolumeSpec } from '../model/application.ts';
import { label, ownerLabels } from '../model/labels.ts';
import { networkLabels } from '../model/network-hash.ts';
import { present } from '../model/present.ts';
import type { StepOutcome } from '../model/step.ts';
import { enginePath } from './engine-path.ts';
import { isStatus } from './engine-error.ts';
import { isBuiltInNetwork } from '../model/built-in-network.ts';
import { networkRefusal } from '../model/needed-versions.ts';
import type { StepRun } from './step-run.ts';
import { done, failed, skipped } from './step-run.ts';
import type { WireNetwork, WireVolume } from './wire.ts';

/**
 * Makes a network exist. Engine 20.10 would make a second one of the same name, after which no use by name works, so the
 * name is looked up first and the engine is told to check it again.
 */
export async function createNetwork(
  run: StepRun,
  network: NetworkSpec,
  application: string,
): Promise<StepOutcome> {
  const found = await findNetworks(run, network.name);
  const existing = found[0];
  if (existing !== undefined) return judgeNetwork(run, network, application, existing);
  if (network.external) return missingExternal(run, 'network', network.name);
  const { host, client } = run.context;
  const tooOld = networkRefusal(network, host.name, client.apiVersion);
  if (tooOld !== null) {
    return failed('revision', 'EngineTooOld', `Cannot create network "${network.name}": ${tooOld}`);
  }
  try {
    await run.mutate({
      what: `create network "${network.name}"`,
      method: 'POST',
      path: '/networks/create',
      body: {
        Name: network.name,
        CheckDuplicate: true,
        Driver: network.driver,
        Internal: network.internal,
        Options: network.driverOpts,
        ...addressBody(network),
        Labels: { ...network.labels, ...networkLabels(run.context.fleet, application, network) },
      },
    });
  } catch (error) {
    const holder = isStatus(error, 409) ? (await findNetworks(run, network.name))[0] : undefined;
    if (holder === undefined) throw error;
    return judgeNetwork(run, network, application, holder);
  }
  return done;
}

/** How addresses are given out, as far as the manifest says it. */
export function addressBody({ ipam, enableIpv4, enableIpv6 }: NetworkSpec): object {
  return {
    ...(enableIpv4 === undefined ? {} : { EnableIPv4: enableIpv4 }),
    ...(enableIpv6 === undefined ? {} : { EnableIPv6: enableIpv6 }),
    ...(ipam === undefined ? {} : { IPAM: ipamBody(ipam) }),
  };
}

function ipamBody({ driver, options, pools }: IpamSpec): object {
  return present({
    Driver: driver,
    Options: options,
    Config: pools?.map(({ subnet, range, gateway, reserved }) =>
      present({
        Subnet: subnet,
        IPRange: range,
        Gateway: gateway,
        AuxiliaryAddresses: reserved,
      }),
    ),
  });
}

/** The networks of exactly this name: more than one is possible on old engines, and the filter matches parts of names. */
export async function findNetworks(run: StepRun, name: string): Promise<readonly WireNetwork[]> {
  const networks = await run.read<readonly WireNetwork[]>({
    what: `look up network "${name}"`,
    path: '/networks',
    query: { filters: JSON.stringify({ name: [name] }) },
  });
  return networks.filter((network) => network.Name === name);
}

/** Removes a network of ours; one that is gone is as good as removed. */
export async function removeNetwork(run: StepRun, name: string, id: string): Promise<StepOutcome> {
  const path = enginePath`/networks/${id}`;
  const network = await run.find<WireNetwork>({ what: `inspect network "${name}"`, path });
  if (network === null) return done;
  if (network.Labels?.[label.fleet] !== run.context.fleet) {
    return skipped(`network "${name}" does not carry the label of this fleet`);
  }
  try {
    await run.mutate({ what: `remove network "${name}"`, method: 'DELETE', path });
  } catch (error) {
    if (isStatus(error, 404)) return done;
    throw error;
  }
  return done;
}

/**
 * Makes a volume exist. One that exists already is used as it is, whoever made it: it holds data, we never remove it, and
 * the engine would hand it over just the same.
 */
export async function createVolume(
  run: StepRun,
  volume: VolumeSpec,
  application: string,
): Promise<StepOutcome> {
  const existing = await run.find<WireVolume>({
    what: `inspect volume "${volume.name}"`,
    path: enginePath`/volumes/${volume.name}`,
  });
  if (existing !== null) return done;
  if (volume.external) return missingExternal(run, 'volume', volume.name);
  await run.mutate({
    what: `create volume "${volume.name}"`,
    method: 'POST',
    path: '/volumes/create',
    body: {
      Name: volume.name,
      Driver: volume.driver,
      DriverOpts: volume.driverOpts,
      Labels: { ...volume.labels, ...ownerLabels(run.context.fleet, application) },
    },
  });
  return done;
}

/** Removes a volume of ours, with its data; never by force. The engine refuses it while a container of anybody has it. */
export async function removeVolume(run: StepRun, name: string): Promise<StepOutcome> {
  const path = enginePath`/volumes/${name}`;
  const volume = await run.find<WireVolume>({ what: `inspect volume "${name}"`, path });
  if (volume === null) return done;
  if (volume.Labels?.[label.fleet] !== run.context.fleet) {
    return skipped(`volume "${name}" does not carry the label of this fleet`);
  }
  try {
    await run.mutate({ what: `remove volume "${name}"`, method: 'DELETE', path });
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  return done;
}

function judgeNetwork(
  run: StepRun,
  network: NetworkSpec,
  application: string,
  existing: WireNetwork,
): StepOutcome {
  const labels = existing.Labels ?? {};
  const ours =
    labels[label.fleet] === run.context.fleet && labels[label.application] === application;
  if (ours || network.external || isBuiltInNetwork(network.name)) return done;
  const message = `Cannot create network "${network.name}" on host "${run.context.host.name}": a network of that name exists and is not ours (declare it external, or remove it)`;
  return failed('capacity', 'NameConflict', message);
}

function missingExternal(run: StepRun, kind: 'network' | 'volume', name: string): StepOutcome {
  const reason = kind === 'network' ? 'NetworkNotFound' : 'VolumeNotFound';
  const message = `Cannot use external ${kind} "${name}": it does not exist on host "${run.context.host.name}" (create it there, or let the manifest define it)`;
  return failed('revision', reason, message);
}
