import { approvalTrailer } from '../model/approval-trailer.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { diagnosticAt } from '../model/diagnostic.ts';
import type { UnreachableHost } from '../model/observation.ts';
import type { Revision } from '../model/revision.ts';

/** Why a commit is not taken into force now, where plans must be approved. */
export function refusePlan(
  revision: Revision,
  hash: string,
  approved: readonly string[],
): Diagnostic {
  const short = revision.commit.slice(0, 12);
  const [former] = approved;
  const approve =
    revision.kind === undefined
      ? 'push a commit on top'
      : 'let a tag, or the configuration, name a commit on top';
  const hint = `Look at what "fleetwright plan --revision ${short}" shows where the operator's state folder is, then ${approve} whose message has the line "${approvalTrailer}: ${hash}" (git commit --allow-empty will do)`;
  return former === undefined
    ? diagnosticAt(
        placeOf(revision),
        '',
        'plan-not-approved',
        `Cannot follow ${nameOf(revision)} to ${short}: it would change the fleet, and its message does not approve the plan ${hash}`,
        { hint },
      )
    : diagnosticAt(
        placeOf(revision),
        '',
        'plan-stale',
        `Cannot follow ${nameOf(revision)} to ${short}: its message approves the plan ${former}, but the fleet or the branch has changed since, and the plan is ${hash} now`,
        { hint },
      );
}

/** Nobody can say what a commit would do to a host that is not seen: it waits, and is not refused for good. */
export function awaitHosts(
  revision: Revision,
  hosts: readonly Pick<UnreachableHost, 'host' | 'reason'>[],
): Diagnostic {
  const short = revision.commit.slice(0, 12);
  const names = hosts.map(({ host, reason }) => `"${host}" (${reason})`).join(', ');
  return diagnosticAt(
    placeOf(revision),
    '',
    'plan-unknown',
    `Cannot follow ${nameOf(revision)} to ${short} yet: its plan must be approved, and is not known while hosts cannot be observed: ${names}`,
    {
      hint: 'The commit is looked at again by itself; a host that does not come back has to leave fleet.yaml first',
    },
  );
}

function nameOf({ kind, branch }: Revision): string {
  return kind === 'commit' ? 'the configuration' : `${kind ?? 'branch'} "${branch}"`;
}

function placeOf({ kind, branch }: Revision): {
  readonly file: string;
  readonly line: number;
  readonly column: number;
} {
  return { file: `refs/${kind === 'tag' ? 'tags' : 'heads'}/${branch}`, line: 1, column: 1 };
}
