import type { Observer } from '../src/reconcile/operator.ts';
import { silent } from '../src/reconcile/operator.ts';
import type { Action } from '../src/model/step.ts';
import { instanceName } from '../src/model/labels.ts';
import type { CallKind } from './engine-calls.ts';

/** One step of the operator. Times as performance.now() gives them. */
export interface StepRecord {
  /** What it works on: a slot, or a network. */
  readonly key: string;
  readonly phase: StepPhase;
  /** The call that does it, and what stands in that call's path. */
  readonly call: CallKind;
  readonly subject: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** `retire` takes the restart policy from the old instance, `promote` gives it to the new one. */
export type StepPhase = 'create' | 'start' | 'promote' | 'retire' | 'stop' | 'remove' | 'other';

/** Takes down when each step began and ended, as an observer of the operator. */
export class StepLog {
  readonly records: StepRecord[] = [];
  readonly observer: Observer;
  readonly #begun = new Map<string, number>();

  constructor() {
    this.observer = {
      ...silent,
      stepStarted: ({ key }) => this.#begun.set(key, performance.now()),
      stepEnded: ({ key, action }) => this.#end(key, action),
    };
  }

  #end(key: string, action: Action): void {
    const endMs = performance.now();
    const startMs = this.#begun.get(key) ?? endMs;
    this.records.push({ key, ...describe(action), startMs, endMs });
  }
}

function describe(action: Action): Pick<StepRecord, 'phase' | 'call' | 'subject'> {
  switch (action.kind) {
    case 'create-container': {
      return { phase: 'create', call: 'create', subject: instanceName(action.identity) };
    }
    case 'start-container':
      return { phase: 'start', call: 'start', subject: action.guard.id };
    case 'update-container': {
      const phase = action.restart?.name === 'no' ? 'retire' : 'promote';
      return { phase, call: 'update', subject: action.guard.id };
    }
    case 'stop-container':
      return { phase: 'stop', call: 'stop', subject: action.guard.id };
    case 'remove-container':
      return { phase: 'remove', call: 'remove', subject: action.guard.id };
    default:
      return { phase: 'other', call: 'other', subject: '' };
  }
}
