import type { StepOutcome, Step } from '../model/step.ts';
import type { Observer } from '../reconcile/operator.ts';
import { describeAction } from '../report/describe-step.ts';
import { formatDuration, formatPosition } from '../report/text.ts';
import type { Decision } from '../rollout/decide.ts';
import type { Output } from './output.ts';

/** How often the same wait is shown again at the most. */
const quietMs = 2_000;

/** Writes a line for each step that ended, and what is waited for while nothing else happens. */
export function createProgress(output: Output, now: () => number): Observer {
  const { noteStyle: style } = output;
  const begin = now();
  let lastWait = '';
  let lastLineAt = begin;
  const line = (text: string): void => {
    lastLineAt = now();
    const elapsed = ((now() - begin) / 1_000).toFixed(1).padStart(6);
    output.note(`${style.dim(`${elapsed}s`)}  ${text}`);
  };
  return {
    stepStarted: () => undefined,
    stepEnded: (step, outcome, durationMs) => {
      if (outcome.kind === 'skipped' && !output.verbose) return;
      line(describeStep(step, outcome, durationMs));
    },
    decided: (decision) => {
      const wait = describeWait(decision);
      if (wait === '' || wait === lastWait || now() - lastLineAt < quietMs) return;
      lastWait = wait;
      line(style.dim(`waits: ${wait}`));
    },
  };

  function describeStep(step: Step, outcome: StepOutcome, durationMs: number): string {
    const { host, service, slot, application, action, cause } = step;
    const { subject, detail } = describeAction(action);
    const what = [application, service, slot].filter((part) => part !== '').join('/');
    const head = `${host}  ${style.bold(what)}  ${action.kind}  ${subject}`;
    const origin = cause.origin === null ? '' : ` ${formatPosition(cause.origin)}`;
    const why = style.dim(`${cause.reason}${origin}, ${formatDuration(durationMs)}`);
    const more = detail === '' ? '' : ` ${detail}`;
    return `${head}${more}  ${outcomeText(outcome)}${why}`;
  }

  function outcomeText(outcome: StepOutcome): string {
    switch (outcome.kind) {
      case 'done':
        return '';
      case 'skipped':
        return style.dim(`skipped: ${outcome.reason}; `);
      case 'failed':
        return style.red(`failed: ${outcome.failure.message}; `);
      case 'unknown':
        return style.yellow(`outcome unknown: ${outcome.reason}; `);
    }
  }
}

function describeWait(decision: Decision): string {
  const waiting = decision.applications.flatMap((application) => application.waiting);
  const gate = waiting.find(({ kind }) => kind !== 'step') ?? waiting[0];
  if (gate === undefined) return '';
  const where = [gate.application, gate.service, gate.slot].filter((part) => part !== '').join('/');
  return `${where}: ${gate.reason}`;
}
