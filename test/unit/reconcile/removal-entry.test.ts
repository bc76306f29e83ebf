import { expect, it } from 'vitest';

import type { StepOutcome } from '../../../src/model/step.ts';
import { removalEntry } from '../../../src/reconcile/removal-entry.ts';
import { aStep } from '../../support/builders.ts';

const removal = aStep({ kind: 'remove-volume', name: 'data', request: 7 });
const failure = { class: 'infrastructure', reason: 'EngineFailure', message: 'in use' } as const;

it.each<[StepOutcome, boolean, string]>([
  [{ kind: 'done' }, true, 'removed'],
  [{ kind: 'skipped', reason: 'not ours' }, false, 'not ours'],
  [{ kind: 'failed', failure }, false, 'in use'],
])('what came of a removal answers who has asked for it', (outcome, accepted, message) => {
  expect(removalEntry(removal, outcome, 9)).toEqual({
    kind: 'request-answered',
    request: 7,
    application: '',
    accepted,
    message,
    at: 9,
  });
});

it('an outcome that is not known answers nobody: it is tried again', () => {
  expect(removalEntry(removal, { kind: 'unknown', reason: 'lost' }, 9)).toBeNull();
});
