import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Every name that a sandbox takes on this machine. All of them derive from the folder alone, so that what is left of a
 * start that was killed half-way can be found and removed without any state.
 */
export interface SandboxLayout {
  /** `fw` and 8 hexadecimal digits: short enough to start the name of a network link (at most 15 characters). */
  readonly id: string;
  /** Absolute, without symbolic links. */
  readonly dir: string;
  readonly fleetName: string;
  readonly fleetFile: string;
  readonly credentials: string;
  /** Folder for everything that only the engines need: data, logs, server keys. */
  readonly engines: string;
  /** Name of the bridge in the root network namespace. */
  readonly bridge: string;
  /** Cgroup of all processes, from the root of each hierarchy. */
  readonly cgroup: string;
}

export interface HostLayout {
  readonly name: string;
  readonly netns: string;
  /** The end of the host's cable that is plugged into the bridge. */
  readonly link: string;
  /** Parent of `h` (holder), `d` (engine) and `c` (containers). */
  readonly cgroup: string;
  readonly folder: string;
  readonly credentials: string;
}

export function layoutOf(dir: string): SandboxLayout {
  const path = canonicalPath(dir);
  const digits = createHash('sha256').update(path).digest('hex').slice(0, 8);
  const id = `fw${digits}`;
  return {
    id,
    dir: path,
    fleetName: `sandbox-${digits}`,
    fleetFile: join(path, 'fleet.yaml'),
    credentials: join(path, 'credentials'),
    engines: join(path, 'engines'),
    bridge: id,
    cgroup: `/${id}`,
  };
}

/** @param index counts from 1 */
export function hostLayout(layout: SandboxLayout, index: number): HostLayout {
  const name = `host-${index}`;
  return {
    name,
    netns: `${layout.id}-${name}`,
    link: `${layout.id}h${index}`,
    cgroup: `${layout.cgroup}/${name}`,
    folder: join(layout.engines, name),
    credentials: join(layout.credentials, name),
  };
}

/** Resolves the links of the part of a path that exists, so that a removed folder still has the name it had. */
function canonicalPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    return join(canonicalPath(dirname(absolute)), basename(absolute));
  }
}
