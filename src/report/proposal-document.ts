import type { Proposal } from '../generated/proposal.ts';
import { plainValue } from './drift-document.ts';
import type { ProposalFacts } from './render-proposal.ts';

/** A proposal as a document: schemas/proposal.schema.json. */
export function proposalDocument({ proposal, branch, commit }: ProposalFacts): Proposal {
  const { base, changes, unproposed, edits } = proposal;
  return {
    version: 1,
    branch,
    base: base.commit,
    commit: commit?.commit ?? null,
    files: [...edits.keys()].toSorted(),
    changes: changes.map(({ item, origin, written }) => ({
      application: item.application,
      service: item.service,
      path: item.path,
      desired: plainValue(item.desired),
      observed: plainValue(item.observed),
      written,
      ...origin,
    })),
    unproposed: unproposed.map(({ item, reason }) => ({
      application: item.application,
      service: item.service,
      slot: item.slot,
      host: item.host,
      class: item.class,
      path: item.path,
      reason,
    })),
  };
}
