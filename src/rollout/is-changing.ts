import type { ApplicationSpec } from '../model/application.ts';
import type { ApplicationRecord } from '../model/journal-state.ts';
import { rolloutKey } from './target.ts';

/** Whether what the commit asks for is not last-known-good: other hashes, or the first that there are. */
export function isChanging(spec: ApplicationSpec, record: ApplicationRecord | undefined): boolean {
  const good = record?.lastKnownGood ?? null;
  return good === null || rolloutKey(good.spec) !== rolloutKey(spec);
}
