import type { AdoptionInterest } from '../model/adoption.ts';
import type { ApplicationSpec } from '../model/application.ts';
import type { JournalState } from '../model/journal-state.ts';

/** What has to be looked at to take on what a commit names, and to keep what was taken on before. */
export function adoptionInterest(
  applications: readonly ApplicationSpec[],
  { instances }: Pick<JournalState, 'instances'>,
): AdoptionInterest {
  const adoptions = applications.flatMap(({ adopt }) => adopt ?? []);
  const projects = adoptions.flatMap(({ composeProject }) => composeProject ?? []);
  const names = adoptions.flatMap(({ containers }) => Object.values(containers).flat());
  const ids = [...instances].flatMap(([id, { adopted }]) => (adopted === undefined ? [] : [id]));
  return { projects: sorted(projects), names: sorted(names), ids: sorted(ids) };
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}
