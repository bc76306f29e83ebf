import type { CommitSha } from '../model/names.ts';
import type { Notice } from '../model/notice.ts';
import { cutAt } from '../model/printable.ts';

/** What the host of the repository shows beside a commit. */
export interface CommitStatus {
  readonly commit: CommitSha;
  readonly state: 'pending' | 'success' | 'failure';
  /** At most 140 characters, which is what GitHub takes. */
  readonly description: string;
  /** Whose status it is: `fleetwright/<fleet>`. */
  readonly context: string;
}

const longest = 140;

/** The status that a notice sets; null: it says nothing of a commit. */
export function commitStatusOf(notice: Notice): CommitStatus | null {
  const { event, commit, fleet, application, message, reason } = notice;
  if (commit === null) return null;
  const said = (state: CommitStatus['state'], text: string): CommitStatus => {
    return { commit, state, description: cut(text), context: contextOf(fleet) };
  };
  const about = application === '' ? '' : `${application}: `;
  switch (event) {
    case 'commit-accepted':
      return said('pending', 'the commit is taken up');
    case 'commit-converged':
      return said('success', 'the fleet is as the commit asks');
    case 'commit-rejected':
    case 'rollout-failed':
      return said('failure', `${about}${reason}`);
    case 'test':
      return { ...said('success', message), context: `${contextOf(fleet)}/test` };
    default:
      return null;
  }
}

function contextOf(fleet: string): string {
  return fleet === '' ? 'fleetwright' : `fleetwright/${fleet}`;
}

function cut(text: string): string {
  return text.length > longest ? `${cutAt(text, longest - 1)}…` : text;
}
