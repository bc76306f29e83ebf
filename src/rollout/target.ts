import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import { digestOf } from '../model/digest.ts';
import type { ApplicationRecord, Quarantine } from '../model/journal-state.ts';
import type { CommitSha } from '../model/names.ts';

/** What an application is brought to: what the commit asks for, or last-known-good when that has failed. */
export interface Target {
  readonly spec: ApplicationSpec;
  readonly commit: CommitSha;
  /**
   * `desired`: the commit's; `rollback`: last-known-good, since the commit's has failed; `halted`: the commit's has
   * failed and there is nothing to go back to (or the manifest says `failure_action: pause`).
   */
  readonly mode: 'desired' | 'rollback' | 'halted';
  /** The failures of what the commit asks for; empty when the mode is `desired`. */
  readonly failed: readonly Quarantine[];
}

export function targetOf(
  spec: ApplicationSpec,
  commit: CommitSha,
  record: ApplicationRecord,
): Target {
  const failed = failedServices(spec, record);
  if (failed.length === 0) return { spec, commit, mode: 'desired', failed };
  const paused = failed.some(({ service }) => failureAction(spec, service) === 'pause');
  const good = record.lastKnownGood;
  if (good === null || paused) return { spec, commit, mode: 'halted', failed };
  return { spec: good.spec, commit: good.commit, mode: 'rollback', failed };
}

/**
 * Whether a failure is one of this version of a service. The gate is not part of the hash, but it is what was failed: a
 * commit that mends the gate is another try.
 */
export function concerns(failed: Quarantine, service: ServiceSpec): boolean {
  return (
    failed.service === service.name &&
    failed.hash === service.hash &&
    failed.gate === digestOf(service.gate)
  );
}

/** The quarantined hashes that an application asks for. */
function failedServices(spec: ApplicationSpec, record: ApplicationRecord): readonly Quarantine[] {
  return record.quarantined.filter((quarantine) =>
    spec.services.some((service) => concerns(quarantine, service)),
  );
}

function failureAction(spec: ApplicationSpec, name: string): string {
  return spec.services.find((service) => service.name === name)?.update.failureAction ?? 'rollback';
}

/** What a rollout rolls out: the hashes of all services. Replicas and knobs are not part of it. */
export function rolloutKey(spec: ApplicationSpec): string {
  return digestOf(spec.services.map((service) => [service.name, service.hash])).slice(0, 16);
}

/** Whether a hash has already proved itself as part of last-known-good. */
export function isProven(record: ApplicationRecord, service: string, hash: string): boolean {
  const services = record.lastKnownGood?.spec.services ?? [];
  return services.some((good) => good.name === service && good.hash === hash);
}
