import type { IpamPool } from '../model/application.ts';
import { present } from '../model/present.ts';
import type { EngineFacts, ObservedNetwork, ObservedVolume } from '../model/observation.ts';
import type { WireInfo, WireNetwork, WireVersion, WireVolume } from './wire.ts';

export function projectEngine(
  version: WireVersion,
  info: WireInfo,
  apiVersion: string,
): EngineFacts {
  return {
    id: info.ID ?? '',
    hostname: info.Name ?? '',
    version: info.ServerVersion ?? version.Version ?? '',
    apiVersion,
    os: version.Os ?? 'linux',
    // `version` says what Go says (amd64), which is what image manifests say; `info` says what uname says (x86_64).
    architecture: version.Arch ?? '',
    cpus: info.NCPU ?? 0,
    memoryBytes: info.MemTotal ?? 0,
    labels: parseLabels(info.Labels ?? []),
  };
}

export function projectNetwork(network: WireNetwork): ObservedNetwork {
  return {
    id: network.Id,
    name: network.Name,
    driver: network.Driver ?? '',
    internal: network.Internal === true,
    labels: network.Labels ?? {},
    settings: {
      options: network.Options ?? {},
      enableIpv6: network.EnableIPv6 === true,
      ipamDriver: network.IPAM?.Driver ?? '',
      pools: (network.IPAM?.Config ?? []).map(
        ({ Subnet, IPRange, Gateway, AuxiliaryAddresses }) =>
          present({
            subnet: Subnet || null,
            range: IPRange || null,
            gateway: Gateway || null,
            reserved: AuxiliaryAddresses,
          }) as IpamPool,
      ),
    },
  };
}

export function projectVolume(volume: WireVolume): ObservedVolume {
  return {
    name: volume.Name,
    driver: volume.Driver ?? '',
    labels: volume.Labels ?? {},
    options: volume.Options ?? {},
  };
}

/** Differences up to this are network delay and rounding, not a clock that is wrong. */
const tolerableSkewMs = 500;

/**
 * How far the host's clock is ahead of ours, from its answer to a question asked at `askedAt` and answered at
 * `answeredAt` (our clock). It sticks to `former` while it is near it, so that times do not tremble from one
 * observation to the next.
 */
export function projectSkew(
  info: WireInfo,
  askedAt: number,
  answeredAt: number,
  former: number,
): number {
  const theirs = Date.parse(info.SystemTime ?? '');
  if (Number.isNaN(theirs)) return former;
  const skew = Math.round(theirs - (askedAt + answeredAt) / 2);
  return Math.abs(skew - former) <= tolerableSkewMs ? former : skew;
}

/** `--label zone=a` of the daemon, listed as `zone=a`. */
function parseLabels(labels: readonly string[]): Record<string, string> {
  const pairs = labels.map((entry): [string, string] => {
    const at = entry.indexOf('=');
    return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}
