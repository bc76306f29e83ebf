import type { HealPolicy } from '../../model/heal-policy.ts';
import { healedClasses, type HealChoice, type HealSetting } from '../../model/heal-policy.ts';
import { child, readBoolean, readText, type Cursor } from '../cursor.ts';

const choices: readonly HealChoice[] = ['heal', 'report', 'ignore'];

/** What `drift` says of the classes; `selfHeal` is what it says of all that it does not name. */
export function resolveHealPolicy(drift: Cursor): { readonly heal?: HealPolicy } {
  const all = child(drift, 'selfHeal');
  const selfHeal = readBoolean(all);
  const others: readonly HealSetting[] =
    selfHeal === null ? [] : [{ choice: selfHeal ? 'heal' : 'report', origin: all.origin }];
  const said = healedClasses.flatMap((name) => {
    const at = child(drift, 'actions', name);
    const text = readText(at);
    const choice = choices.find((each) => each === text);
    const own = choice === undefined ? others : [{ choice, origin: at.origin }];
    return own.map((setting) => [name, setting] as const);
  });
  return said.length === 0 ? {} : { heal: Object.fromEntries(said) };
}
