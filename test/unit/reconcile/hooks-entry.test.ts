import { expect, it } from 'vitest';

import { toContainerId } from '../../../src/model/names.ts';
import type { StepOutcome } from '../../../src/model/step.ts';
import { hooksEntry } from '../../../src/reconcile/hooks-entry.ts';
import { aStep } from '../../support/builders.ts';

const guard = { id: toContainerId('c1'), self: 's', states: ['running'] as const };
const run = aStep({ kind: 'run-hooks', guard, name: 'web', hooks: [], limitMs: 1 });

function failed(reason: string): StepOutcome {
  return { kind: 'failed', failure: { class: 'revision', reason, message: 'why' } };
}

it.each<[string, StepOutcome, string | null]>([
  ['done', { kind: 'done' }, null],
  ['failed', failed('HookFailed'), 'why'],
])('hooks that have %s are remembered', (_name, outcome, failure) => {
  expect(hooksEntry(run, outcome, 7)).toEqual({
    kind: 'hooks-ended',
    slot: run.key,
    container: 'c1',
    failure,
    at: 7,
  });
});

it.each<[string, StepOutcome]>([
  ['the container is gone', { kind: 'skipped', reason: 'gone' }],
  ['nobody knows what came of them', { kind: 'unknown', reason: 'lost' }],
  ['the engine refused', failed('EngineFailure')],
])('hooks are run again when %s', (_name, outcome) => {
  expect(hooksEntry(run, outcome, 7)).toBeNull();
});

it('other steps have none', () => {
  const stop = aStep({ kind: 'stop-container', guard, name: 'web', graceMs: null });

  expect(hooksEntry(stop, { kind: 'done' }, 7)).toBeNull();
});
