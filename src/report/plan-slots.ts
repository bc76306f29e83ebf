import type { Cause, Step } from '../generated/plan.ts';
import { groupBy } from '../model/group-by.ts';

/** What becomes of one slot, or of what belongs to a service or an application as a whole. */
export interface PlannedSlot {
  /** Empty: not of one slot. */
  readonly slot: string;
  readonly hosts: string;
  /** In order, each once. */
  readonly actions: string;
  readonly change: 'created' | 'removed' | 'changed';
}

/** @param steps those of one service */
export function plannedSlots(steps: readonly Step[]): readonly PlannedSlot[] {
  return [...groupBy(steps, ({ slot }) => slot)].map(([slot, own]) => ({
    slot,
    hosts: [...new Set(own.map(({ host }) => host))].join(', '),
    actions: [...new Set(own.map(({ action }) => verbs[action]))].join(', '),
    change: changeOf(own),
  }));
}

const verbs: Readonly<Record<Step['action'], string>> = {
  'pull-image': 'pull image',
  'remove-image': 'remove image',
  'create-network': 'create network',
  'remove-network': 'remove network',
  'create-volume': 'create volume',
  'remove-volume': 'remove volume',
  'create-container': 'create',
  'start-container': 'start',
  'run-hooks': 'run hooks',
  'unpause-container': 'unpause',
  'update-container': 'update',
  'deliver-files': 'deliver files',
  'rename-container': 'rename',
  'connect-network': 'connect network',
  'disconnect-network': 'disconnect network',
  'stop-container': 'stop',
  'remove-container': 'remove',
  'admit-endpoint': 'admit',
  'withdraw-endpoint': 'withdraw',
  'remove-endpoint': 'forget',
  'route-requests': 'route',
};

function changeOf(steps: readonly Step[]): PlannedSlot['change'] {
  const creates = steps.some(({ action }) => action.startsWith('create'));
  const removes = steps.some(({ action }) => action.startsWith('remove'));
  if (creates && !removes) return 'created';
  return removes && !creates ? 'removed' : 'changed';
}

/**
 * Why the slots change, each reason once.
 *
 * @param steps those of one service
 */
export function plannedCauses(steps: readonly Step[]): readonly Cause[] {
  const seen = new Set<string>();
  const causes = steps
    .filter(({ slot, action, cause }) => {
      const isPart = action !== 'create-container' && cause.changes.length === 0;
      if (seen.has(slot) && isPart) return false;
      seen.add(slot);
      return true;
    })
    .map(({ cause }) => cause);
  return [...groupBy(causes, keyOf).values()].flatMap(([cause]) => cause ?? []);
}

function keyOf({ reason, origin }: Cause): string {
  return JSON.stringify([reason, origin]);
}

export function serviceKey({ application, service }: Step): string {
  return service === '' ? application : `${application}/${service}`;
}
