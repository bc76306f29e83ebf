import type { Step } from '../model/step.ts';

/** Steps that have ended and are remembered, at most. */
const kept = 100;
/** Steps that are named, at most. */
const named = 3;

interface Span {
  readonly step: Step;
  readonly startedAt: number;
  /** null: it is under way. */
  endedAt: number | null;
}

/** Which steps were under way at a time, so that what goes wrong then can be told beside them. */
export class StepsBeside {
  #spans: Span[] = [];

  begun(step: Step, at: number): void {
    this.#spans.push({ step, startedAt: at, endedAt: null });
    const surplus = this.#spans.length - kept;
    if (surplus <= 0) return;
    const ended = this.#spans.filter(({ endedAt }) => endedAt !== null);
    const dropped = new Set(ended.slice(0, surplus));
    this.#spans = this.#spans.filter((span) => !dropped.has(span));
  }

  ended(step: Step, at: number): void {
    const span = this.#spans.find((one) => one.step === step);
    if (span !== undefined) span.endedAt = at;
  }

  /** When a step of an application ended last; 0: none is known. */
  lastEndOf(application: string): number {
    const ends = this.#of(application).map(({ endedAt }) => endedAt ?? 0);
    return Math.max(0, ...ends);
  }

  /** The steps of an application that were under way at some time since then, in words; empty: none was. */
  describe(application: string, since: number): string {
    const beside = this.#of(application).filter(
      ({ endedAt }) => endedAt === null || endedAt >= since,
    );
    const words = beside.slice(0, named).map(({ step }) => describeStep(step));
    const more = beside.length > named ? [`${beside.length - named} more`] : [];
    return [...words, ...more].join(', ');
  }

  #of(application: string): readonly Span[] {
    return this.#spans.filter(({ step }) => step.application === application);
  }
}

function describeStep({ action, service, slot, host }: Step): string {
  const place = [service, slot].filter((part) => part !== '').join('/');
  return [action.kind, place, `on ${host}`].filter((part) => part !== '').join(' ');
}
