import type { ServiceSpec } from '../model/application.ts';
import { liveDigest } from '../model/hash.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import type { ApplicationContext } from './application-context.ts';
import { gateDigest } from './target.ts';

/** Why and where a version of a service is given up. */
export interface FailureSite {
  readonly reason: string;
  readonly message: string;
  /** Empty when it is not about one slot. */
  readonly slot: string;
  readonly host: HostName | null;
  readonly container: ContainerId | null;
}

/** The hash of a service is not tried again until it, its gate, its analysis, a limit or the retry counter changes, or somebody says `retry`. */
export function quarantineEntry(
  {
    application,
    desired,
    target,
    world,
  }: Pick<ApplicationContext, 'application' | 'desired' | 'target' | 'world'>,
  service: ServiceSpec,
  { reason, message, slot, host, container }: FailureSite,
): Extract<JournalEntry, { readonly kind: 'quarantined' }> {
  return {
    kind: 'quarantined',
    application,
    container,
    quarantine: {
      service: service.name,
      hash: service.hash,
      gate: gateDigest(service),
      live: liveDigest(service.container),
      commit: target.commit,
      retry: desired.retry,
      at: world.now,
      host,
      slot,
      reason,
      message,
      log: [],
      health: [],
    },
  };
}
