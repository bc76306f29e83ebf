import type { ApplicationSpec } from '../model/application.ts';
import type { ApplicationRecord } from '../model/journal-state.ts';
import { isProvenSpec } from './target.ts';

/** Whether what the commit asks for is not last-known-good: other hashes, or the first that there are. */
export function isChanging(spec: ApplicationSpec, record: ApplicationRecord | undefined): boolean {
  return record === undefined || !isProvenSpec(record, spec);
}
