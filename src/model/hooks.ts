import type { ApplicationSpec } from './application.ts';
import type { HostName, SpecHash } from './names.ts';
import { versionsFrom } from './variants.ts';

/** Commands that are run in the container of an instance. A change of them changes no container: no hash covers them. */
export interface Hooks {
  /** After each start that we make, one after the other; the gate begins after them. */
  readonly postStart?: readonly Hook[];
  /** Before each stop that we make, one after the other. */
  readonly preStop?: readonly Hook[];
}

export interface Hook {
  readonly command: readonly string[];
  /** Absent: the user of the container. */
  readonly user?: string;
  /** Absent: that of the container. */
  readonly workingDir?: string;
  readonly privileged?: true;
  /** Over the environment of the container. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The code of hooks that have failed, as a reason of a version that failed. */
export const hookFailed = 'HookFailed';

/**
 * What is run in an instance before it is stopped: as its own version says, else as that service says for its host in the
 * first of the specifications that has it.
 */
export function preStopOf(
  specs: readonly (ApplicationSpec | undefined)[],
  instance: { readonly service: string; readonly hash: SpecHash; readonly host: HostName },
): readonly Hook[] {
  const services = specs.flatMap(
    (spec) => spec?.services.filter(({ name }) => name === instance.service) ?? [],
  );
  const versions = versionsFrom(services, instance.host);
  const own = versions.find(({ hash }) => hash === instance.hash) ?? versions[0];
  return own?.hooks?.preStop ?? [];
}
