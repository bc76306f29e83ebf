import type { AdoptionSpec } from '../../model/adoption.ts';
import { toHostName } from '../../model/names.ts';
import { child, isEmptyOrNull, members, readText, readTexts, type Cursor } from '../cursor.ts';

/** What an application takes on; nothing when its manifest does not say it. */
export function resolveAdoption(own: Cursor): { readonly adopt?: AdoptionSpec } {
  const adopt = child(own, 'adopt');
  if (isEmptyOrNull(adopt)) return {};
  const host = readText(child(adopt, 'host'));
  return {
    adopt: {
      composeProject: readText(child(adopt, 'composeProject')),
      containers: Object.fromEntries(
        members(child(adopt, 'containers')).map(([service, names]) => [service, readTexts(names)]),
      ),
      host: host === null ? null : toHostName(host),
      origin: adopt.key,
    },
  };
}
