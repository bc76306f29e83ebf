import type { Step, StepOutcome } from '../model/step.ts';
import type { ApplicationDecision } from '../rollout/decide-application.ts';
import { describeAction } from './describe-step.ts';
import { renderSlots } from './render-slots.ts';
import { applicationDocument } from './status-document.ts';
import type { Style } from './style.ts';
import { formatDuration, formatPosition } from './text.ts';

/** A step that has ended, as one line. */
export function renderStep(
  step: Step,
  outcome: StepOutcome,
  durationMs: number,
  style: Style,
): string {
  const { host, service, slot, application, action, cause } = step;
  const { subject, detail } = describeAction(action);
  const what = [application, service, slot].filter((part) => part !== '').join('/');
  const head = `${host}  ${style.bold(what)}  ${action.kind}  ${subject}`;
  const origin = cause.origin === null ? '' : ` ${formatPosition(cause.origin)}`;
  const why = style.dim(`${cause.reason}${origin}, ${formatDuration(durationMs)}`);
  const more = detail === '' ? '' : ` ${detail}`;
  return `${head}${more}  ${renderOutcome(outcome, style)}${why}`;
}

function renderOutcome(outcome: StepOutcome, style: Style): string {
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

/** What is not done yet, on as many lines as that takes: for the bottom of a terminal. */
export function renderUnderWay(
  applications: readonly ApplicationDecision[],
  now: number,
  style: Style,
  width: number,
): readonly string[] {
  return applications.map(applicationDocument).flatMap((application) => {
    const prefix = `${application.application}/`;
    return renderSlots(application, { prefix, indent: '  ', now, style, all: false, width });
  });
}
