import type { Revision } from '../model/revision.ts';
import { isoTime } from '../model/iso-time.ts';

/** A revision as every document shows it. */
export interface RevisionDocument {
  branch: string;
  commit: string;
  author: string;
  date: string;
  subject: string;
}

export function revisionDocument(revision: Revision): RevisionDocument {
  const { branch, commit, author, date, subject } = revision;
  return { branch, commit, author, date: isoTime(date), subject };
}
