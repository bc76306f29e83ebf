import type { Fleet } from '../../src/fleet/fleet.ts';
import type { Step, StepOutcome } from '../../src/model/step.ts';

/** A fleet whose steps pass through the hands of a test. */
export function aroundExecute(
  fleet: Fleet,
  around: (step: Step, execute: () => Promise<StepOutcome>) => Promise<StepOutcome>,
): Fleet {
  return {
    configure: (spec, interest) => fleet.configure(spec, interest),
    snapshot: () => fleet.snapshot(),
    refresh: (signal) => fleet.refresh(signal),
    look: (...args) => fleet.look(...args),
    unseen: () => fleet.unseen(),
    lookUp: (...args) => fleet.lookUp(...args),
    evidence: (host, container, signal) => fleet.evidence(host, container, signal),
    usage: (...args) => fleet.usage(...args),
    ask: (...args) => fleet.ask(...args),
    subscribe: (onChange) => fleet.subscribe(onChange),
    calls: () => fleet.calls(),
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
    execute: (step, signal) => around(step, () => fleet.execute(step, signal)),
  };
}
