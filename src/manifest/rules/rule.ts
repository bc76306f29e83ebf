import type { Subject } from '../subject.ts';

/** Judges one aspect of an application's meaning, and reports every place where it does not hold. */
export type Rule = (subject: Subject) => void;
