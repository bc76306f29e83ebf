import type { Condition } from '../model/condition.ts';
import type { Decision } from '../rollout/decide.ts';
import type { Waiting } from '../rollout/draft.ts';

/** What a person can do about what stands in the way of an application; empty: it goes on by itself, or nothing does. */
export function whyActions(
  application: string,
  conditions: readonly Condition[],
  waits: readonly Waiting[],
  { prune }: Pick<Decision, 'prune'>,
): readonly string[] {
  const held = prune.held?.applications.includes(application) === true ? prune.held.commits : [];
  const commits = held.map((commit) => commit.slice(0, 12)).join(' ');
  const away = waits.flatMap(({ kind, host }) => (kind === 'host' && host !== null ? [host] : []));
  return [
    ...new Set([
      ...conditions
        .filter(isInTheWay)
        // Which host it is, and what to do with it, is said below.
        .filter(({ reason }) => reason !== 'HostUnreachable' || away.length === 0)
        .map((condition) => actionFor(application, condition)),
      ...away.map((host) => `bring host "${host}" back; if it is down: fleetwright fence ${host}`),
      ...(commits === '' ? [] : [`fleetwright sync --approve-prune ${commits}`]),
    ]),
  ].filter((action) => action !== '');
}

function isInTheWay({ type, status, reason }: Condition): boolean {
  return (type === 'Stalled' && status) || (type === 'Ready' && reason === 'Suspended');
}

function actionFor(application: string, { reason, message }: Condition): string {
  switch (reason) {
    case 'Suspended':
      return message.includes('by request')
        ? `fleetwright resume ${application}`
        : 'take "suspend: true" out of the manifest in a commit';
    case 'AwaitingPromotion':
      return `fleetwright promote ${application}, or fleetwright abort ${application}`;
    case 'RolledBack':
    case 'Halted':
    case 'RollbackFailed':
    case 'RolloutFailed':
      return `mend it in a commit; if it was not the fault of the commit: fleetwright retry ${application}`;
    case 'Unplaceable':
      return 'change what the manifest asks of hosts (constraints, reservations, ports), or add a host that has it';
    case 'AdoptionRefused':
      return `fleetwright adopt ${application} shows what differs`;
    default:
      return 'put right what the message says; it is tried again by itself';
  }
}
