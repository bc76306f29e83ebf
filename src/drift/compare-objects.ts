import type { IpamPool, NetworkSpec, VolumeSpec } from '../model/application.ts';
import type { DriftValue } from '../model/drift.ts';
import type { ObservedNetwork, ObservedVolume } from '../model/observation.ts';
import type { FieldDifference } from './field-difference.ts';

/** What of a network is not as its manifest declares it; what it leaves open is the engine's choice. */
export function compareNetworkObjects(
  wanted: NetworkSpec,
  observed: ObservedNetwork,
): readonly FieldDifference[] {
  const { ipam, enableIpv6 } = wanted;
  const { settings } = observed;
  const ofSettings =
    settings === undefined
      ? []
      : [
          ...compareEach('driver_opts', wanted.driverOpts, settings.options),
          ...compareIfSet('enable_ipv6', enableIpv6, settings.enableIpv6),
          ...compareIfSet('ipam.driver', ipam?.driver, settings.ipamDriver),
          ...comparePools(ipam?.pools, settings.pools),
        ];
  return [
    ...compareIfSet('driver', wanted.driver, observed.driver),
    ...compareIfSet('internal', wanted.internal, observed.internal),
    ...ofSettings,
    ...compareEach('labels', wanted.labels, observed.labels),
  ];
}

/** As for a network: the first who makes a volume decides what it is, and says nothing when another one asks for more. */
export function compareVolumeObjects(
  wanted: VolumeSpec,
  observed: ObservedVolume,
): readonly FieldDifference[] {
  const { options } = observed;
  return [
    ...compareIfSet('driver', wanted.driver, observed.driver),
    ...(options === undefined ? [] : compareEach('driver_opts', wanted.driverOpts, options)),
    ...compareEach('labels', wanted.labels, observed.labels),
  ];
}

function compareIfSet(
  path: string,
  desired: string | boolean | undefined,
  observed: string | boolean,
): readonly FieldDifference[] {
  return desired === undefined || desired === observed ? [] : [{ path, desired, observed }];
}

function compareEach(
  path: string,
  desired: Readonly<Record<string, string>>,
  observed: Readonly<Record<string, string>>,
): readonly FieldDifference[] {
  return Object.entries(desired).flatMap(([name, value]) => {
    const there: DriftValue = observed[name] ?? null;
    return there === value ? [] : [{ path: `${path}.${name}`, desired: value, observed: there }];
  });
}

/** Pools in any order; of each, what the manifest says of it. */
function comparePools(
  desired: readonly IpamPool[] | undefined,
  observed: readonly IpamPool[],
): readonly FieldDifference[] {
  const missing = (desired ?? []).filter(
    (pool) => !observed.some((other) => isWithin(pool, other)),
  );
  if (missing.length === 0) return [];
  return [
    {
      path: 'ipam.config',
      desired: (desired ?? []).map(poolWords),
      observed: observed.map(poolWords),
    },
  ];
}

function isWithin(pool: IpamPool, other: IpamPool): boolean {
  const reserved = Object.entries(pool.reserved ?? {});
  return (
    (['subnet', 'range', 'gateway'] as const).every(
      (key) => pool[key] === undefined || pool[key] === other[key],
    ) && reserved.every(([name, address]) => other.reserved?.[name] === address)
  );
}

function poolWords({ subnet, range, gateway }: IpamPool): string {
  return [subnet, range, gateway].filter((word) => word !== undefined).join(' ');
}
