import type { ApplicationSpec, Gate, ServiceSpec } from '../model/application.ts';
import { hasInstances } from '../model/application.ts';
import { digestOf } from '../model/digest.ts';
import type { ApplicationRecord, Quarantine } from '../model/journal-state.ts';
import { coveredHash, liveDigest } from '../model/hash.ts';
import type { CommitSha, HostName, SpecHash } from '../model/names.ts';
import { serviceOn, versionsOf } from '../model/variants.ts';

/** What an application is brought to: what the commit asks for, or last-known-good when that has failed. */
export interface Target {
  readonly spec: ApplicationSpec;
  readonly commit: CommitSha;
  /**
   * `desired`: the commit's; `rollback`: last-known-good, since the commit's has failed; `halted`: the commit's has
   * failed and there is nothing to go back to (or the manifest says `failure_action: pause`): what serves stays.
   */
  readonly mode: 'desired' | 'rollback' | 'halted';
  /** The failures of what the commit asks for; empty when the mode is `desired`. */
  readonly failed: readonly Quarantine[];
  /** The application of the same rollout group whose failure this is; null: its own. */
  readonly failedWith: string | null;
}

/** The code of a failure that somebody asked for: it goes back even where a failure would pause. */
export const aborted = 'Aborted';

export function targetOf(
  spec: ApplicationSpec,
  commit: CommitSha,
  record: ApplicationRecord,
): Target {
  const failed = failedServices(spec, record);
  const base = { failed, failedWith: null };
  if (failed.length === 0) return { ...base, spec, commit, mode: 'desired' };
  const isAborted = failed.some(({ reason }) => reason === aborted);
  const asksForPause = failed.some(({ service }) => failureAction(spec, service) === 'pause');
  const paused = asksForPause && !isAborted;
  const good = record.lastKnownGood;
  if (good === null || paused) return { ...base, spec, commit, mode: 'halted' };
  return { ...base, spec: good.spec, commit: good.commit, mode: 'rollback' };
}

/**
 * Whether a failure is one of this version of a service. Gate, analysis, limits and retry counter are not part of the hash, but they
 * are what was failed: a commit that mends the gate, gives it more memory, or raises the counter, is another try.
 */
export function concerns(failed: Quarantine, service: ServiceSpec, retry: number): boolean {
  return (
    failed.service === service.name &&
    failed.hash === service.hash &&
    failed.retry === retry &&
    failed.gate === gateDigest(service) &&
    (failed.live === undefined || failed.live === liveDigest(service.container))
  );
}

const gateDigests = new WeakMap<Gate, string>();

/** What an instance has to show beside its container: with another gate, other hooks, or another analysis, it may well pass. */
export function gateDigest({
  gate,
  hooks,
  rollout: { analysis },
}: Pick<ServiceSpec, 'gate' | 'hooks' | 'rollout'>): string {
  const postStart = hooks?.postStart;
  if (postStart !== undefined || analysis !== undefined) {
    return digestOf({ gate, postStart, analysis });
  }
  const known = gateDigests.get(gate);
  if (known !== undefined) return known;
  const digest = digestOf(gate);
  gateDigests.set(gate, digest);
  return digest;
}

/** The quarantined hashes that an application asks for. */
function failedServices(spec: ApplicationSpec, record: ApplicationRecord): readonly Quarantine[] {
  // What is to have no instances cannot fail: scaling a failed version to 0 ends its rollback.
  const asked = spec.services.filter(hasInstances).flatMap(versionsOf);
  return record.quarantined.filter((quarantine) =>
    asked.some((service) => concerns(quarantine, service, spec.retry)),
  );
}

function failureAction(spec: ApplicationSpec, name: string): string {
  return spec.services.find((service) => service.name === name)?.update.failureAction ?? 'rollback';
}

const rolloutKeys = new WeakMap<ApplicationSpec, string>();

/** What a rollout rolls out: the hashes of all services, on all hosts. Replicas and knobs are not part of it. */
export function rolloutKey(spec: ApplicationSpec): string {
  const known = rolloutKeys.get(spec);
  if (known !== undefined) return known;
  const key = keyOfHashes(spec.services.map((service) => [service.name, coveredHash(service)]));
  rolloutKeys.set(spec, key);
  return key;
}

/** @param hashes by service, in the order of the specification */
export function keyOfHashes(hashes: Iterable<readonly [string, SpecHash]>): string {
  return digestOf([...hashes]).slice(0, 16);
}

/** A service as last-known-good has it, when it has run well, with all of its variants; null when there is none. */
export function provenService(record: ApplicationRecord, service: string): ServiceSpec | null {
  const good = record.lastKnownGood;
  if (good === null || good.untried.includes(service)) return null;
  return good.spec.services.find(({ name }) => name === service) ?? null;
}

/** The version of a service that has run well on a host; null when there is none. */
export function provenOn(
  record: ApplicationRecord,
  service: string,
  host: HostName | null,
): ServiceSpec | null {
  const good = provenService(record, service);
  return good === null ? null : serviceOn(good, host);
}

/** Whether a hash has already proved itself as part of last-known-good, be it on other hosts. */
export function isProven(record: ApplicationRecord, service: string, hash: string): boolean {
  const good = provenService(record, service);
  return good !== null && versionsOf(good).some((version) => version.hash === hash);
}

/** Whether last-known-good is this very version, and every service of it that has instances has proved itself. */
export function isProvenSpec(record: ApplicationRecord, spec: ApplicationSpec): boolean {
  const good = record.lastKnownGood;
  if (good === null || rolloutKey(good.spec) !== rolloutKey(spec)) return false;
  const running = spec.services.filter(hasInstances);
  return running.flatMap(versionsOf).every(({ name, hash }) => isProven(record, name, hash));
}
