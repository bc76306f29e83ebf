import { expect, it } from 'vitest';

import { pulledEntry } from '../../../src/reconcile/pulled-entry.ts';
import { aStep } from '../../support/builders.ts';

const pull = aStep({ kind: 'pull-image', image: 'web:1' });
const pulled = { id: 'sha256:1', isNew: true };

it('an image that a pull has brought is remembered, with what it was pulled for', () => {
  const { host, application } = pull;

  expect(pulledEntry(pull, { kind: 'done', pulled }, 7)).toEqual({
    kind: 'image-pulled',
    host,
    application,
    reference: 'web:1',
    ...pulled,
    at: 7,
  });
});

it('an image that was there already, or that may have come, is not', () => {
  expect(pulledEntry(pull, { kind: 'done' }, 7)).toBeNull();
  expect(pulledEntry(pull, { kind: 'unknown', reason: 'lost' }, 7)).toBeNull();
});
