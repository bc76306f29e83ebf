import type { StepFailure } from './step.ts';
import type { HostName } from './names.ts';

/** A question to a registry, asked by the engine of a host: which image does a tag mean now? It changes nothing. */
export interface ImageLookup {
  /** The same question has the same key. */
  readonly key: string;
  readonly host: HostName;
  readonly application: string;
  /** Familiar reference, with a tag and without a digest. */
  readonly image: string;
}

export type LookupOutcome =
  | { readonly kind: 'resolved'; readonly digest: string }
  | { readonly kind: 'failed'; readonly failure: StepFailure };

/** What came of a question so far. It is not remembered over a start of the operator: then it is asked anew. */
export interface LookupRecord {
  readonly isUnderWay: boolean;
  /** When the last question that was answered was asked, in milliseconds since the epoch; null: there was none. */
  readonly answeredAt: number | null;
  /** Why the last question was not answered; null: it was, or nobody may ask. */
  readonly failure: StepFailure | null;
  /** Failures in a row. */
  readonly failures: number;
  /** After a failure, not to be asked again before this time. */
  readonly retryAt: number;
}

export const notAsked: LookupRecord = {
  isUnderWay: false,
  answeredAt: null,
  failure: null,
  failures: 0,
  retryAt: 0,
};

export function lookupKey(application: string, image: string): string {
  return `${application}/tag/${image}`;
}
