import { normalize } from 'node:path/posix';

import type { ApplicationSpec, ServiceSpec, VolumeSpec } from '../../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../../model/diagnostic.ts';
import { originOf, type Origin } from '../../model/origin.ts';
import { versionsOf } from '../../model/variants.ts';
import { isBelow } from '../repository-path.ts';

/**
 * What of the hosts is mounted against the rule of `fleet.yaml`, by application.
 *
 * @param allowed paths at or below which it must lie; undefined: anywhere
 */
export function judgeHostPaths(
  applications: readonly ApplicationSpec[],
  allowed: readonly string[] | undefined,
): ReadonlyMap<string, readonly Diagnostic[]> {
  if (allowed === undefined) return new Map();
  const judged = applications.map((application) => {
    const mounted = [
      ...application.services
        .flatMap(versionsOf)
        .flatMap((service) => boundBy(service, application.origin)),
      ...application.volumes.flatMap(boundByVolume),
    ];
    const refused = mounted.filter(({ path }) => !isAllowed(path, allowed));
    return [application.name, refused.map((each) => refusal(each, allowed))] as const;
  });
  return new Map(judged.filter(([, refused]) => refused.length > 0));
}

interface Mounted {
  readonly path: string;
  readonly origin: Origin;
  /** The key, as the manifest writes it. */
  readonly key: string;
}

function boundBy({ name, container, origins }: ServiceSpec, around: Origin): readonly Mounted[] {
  return container.mounts.flatMap((mount) => {
    if (mount.type !== 'bind') return [];
    const origin = originOf(origins, `volumes.${mount.target}`) ?? around;
    return [{ path: mount.source, origin, key: `services.${name}.volumes` }];
  });
}

/** A volume of the local driver that is a folder of the host. */
function boundByVolume({ name, driverOpts, origin }: VolumeSpec): readonly Mounted[] {
  const path = driverOpts['device'];
  return path?.startsWith('/') === true ? [{ path, origin, key: `volumes.${name}` }] : [];
}

function isAllowed(path: string, allowed: readonly string[]): boolean {
  // The device of a volume is as it was written: no ".." leads out.
  const real = normalize(path);
  return allowed.some((each) => each === '/' || real === each || isBelow(each, real));
}

function refusal({ path, origin, key }: Mounted, allowed: readonly string[]): Diagnostic {
  const where = allowed.length === 0 ? 'none' : `only what lies at or below ${allowed.join(', ')}`;
  return diagnosticAt(
    origin,
    key,
    'policy-host-path',
    `Cannot mount "${path}" of the host: policy.hostPaths of fleet.yaml allows ${where}`,
    { hint: 'Mount a named volume or files of the commit, or change the policy' },
  );
}
