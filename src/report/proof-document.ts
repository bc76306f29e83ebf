import type { Proof } from '../generated/history.ts';
import { isoTime } from '../model/iso-time.ts';
import type { ProofTally } from '../model/proof.ts';

/** What became of requests during a rollout, as it stands in several documents. */
export function proofDocument(proof: ProofTally | null): Proof | null {
  if (proof === null) return null;
  const { until: _until, failures, ...counts } = proof;
  return { ...counts, failures: failures.map(({ at, ...rest }) => ({ at: isoTime(at), ...rest })) };
}
