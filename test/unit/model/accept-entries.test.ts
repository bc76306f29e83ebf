import { expect, it } from 'vitest';

import { acceptEntries } from '../../../src/model/accept-entries.ts';
import { aCommit, aJournal, anApplicationRecord } from '../../support/builders.ts';

const state = aJournal({
  applications: new Map([
    ['blog', anApplicationRecord()],
    ['shop', anApplicationRecord()],
    ['wiki', anApplicationRecord({ removedBy: aCommit(1) })],
  ]),
});

it('acceptEntries() notes what is new, what is back and what is gone, and nothing else', () => {
  expect(acceptEntries(state, aCommit(2), ['blog', 'new', 'wiki'])).toEqual([
    { kind: 'application-seen', application: 'new' },
    { kind: 'application-seen', application: 'wiki' },
    { kind: 'application-removed', application: 'shop', commit: aCommit(2) },
  ]);
});

it('acceptEntries() keeps the commit that removed an application first', () => {
  expect(acceptEntries(state, aCommit(2), ['blog', 'shop'])).toEqual([]);
});
