import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import type { Observer } from '../reconcile/operator.ts';
import { renderStep, renderUnderWay } from '../report/render-progress.ts';
import { entryProgress, stepProgress, waitKey, waitProgress } from '../report/progress-document.ts';
import { formatSpan } from '../report/text.ts';
import type { Decision } from '../rollout/decide.ts';
import type { Output } from './output.ts';
import { Screen } from './screen.ts';

/** Tells a person, or a program, what happens while a command is under way. */
export interface Progress extends Observer, Disposable {}

/** JSON lines with `--output json`, a status area on a terminal, plain lines elsewhere; nothing with `--quiet`. */
export function createProgress(output: Output, logger: Logger, clock: Clock): Progress {
  if (output.format === 'json') return jsonProgress(output, clock);
  // Logs would be written into the area.
  const isLive = process.stderr.isTTY && !output.quiet && logger.level === 'silent';
  return isLive ? liveProgress(output, clock) : plainProgress(output, clock);
}

function jsonProgress(output: Output, clock: Clock): Progress {
  let known: ReadonlySet<string> = new Set();
  const at = (): string => new Date(clock.now()).toISOString();
  const line = (document: object): void => output.note(JSON.stringify(document));
  return {
    stepStarted: (step) => line(stepProgress(step, null, 0, at())),
    stepEnded: (step, outcome, durationMs) => line(stepProgress(step, outcome, durationMs, at())),
    noted: (entry) => line(entryProgress(entry, at())),
    decided: ({ applications }) => {
      const waiting = applications.flatMap((application) => application.waiting);
      for (const wait of waiting) if (!known.has(waitKey(wait))) line(waitProgress(wait, at()));
      known = new Set(waiting.map(waitKey));
    },
    [Symbol.dispose]: () => undefined,
  };
}

/** How often the countdowns are drawn. */
const drawMs = 1_000;

/** Lines of steps, and below them what is under way: which slots, what they wait for, and how long yet. */
function liveProgress(output: Output, clock: Clock): Progress {
  const { noteStyle: style } = output;
  const screen = new Screen(process.stderr);
  const begin = clock.now();
  let latest: Decision | null = null;
  const draw = (): void => {
    if (latest === null) return;
    const now = clock.now();
    const lines = renderUnderWay(latest.applications, now, style, screen.columns());
    const title = style.dim(`${formatSpan(now - begin)}, under way:`);
    screen.draw(lines.length === 0 ? [] : ['', title, ...lines]);
  };
  let cancel: (() => void) | null = null;
  const tick = (): void => {
    cancel = clock.after(drawMs, tick);
    draw();
  };
  tick();
  return {
    stepStarted: () => undefined,
    stepEnded: (step, outcome, durationMs) => {
      if (outcome.kind === 'skipped') return;
      const text = renderStep(step, outcome, durationMs, style);
      screen.print(`${style.dim(elapsed(clock.now() - begin))}  ${text}`);
    },
    noted: () => undefined,
    decided: (decision) => {
      latest = decision;
      draw();
    },
    [Symbol.dispose]: () => {
      cancel?.();
      screen[Symbol.dispose]();
    },
  };
}

/** How often the same wait is shown again at the most. */
const quietMs = 2_000;

/** Writes a line for each step that ended, and what is waited for while nothing else happens. */
function plainProgress(output: Output, clock: Clock): Progress {
  const { noteStyle: style } = output;
  const begin = clock.now();
  let lastWait = '';
  let lastLineAt = begin;
  const line = (text: string): void => {
    lastLineAt = clock.now();
    output.note(`${style.dim(elapsed(lastLineAt - begin))}  ${text}`);
  };
  return {
    stepStarted: () => undefined,
    stepEnded: (step, outcome, durationMs) => {
      if (outcome.kind === 'skipped' && !output.verbose) return;
      line(renderStep(step, outcome, durationMs, style));
    },
    noted: () => undefined,
    decided: (decision) => {
      const wait = describeWait(decision);
      if (wait === '' || wait === lastWait || clock.now() - lastLineAt < quietMs) return;
      lastWait = wait;
      line(style.dim(`waits: ${wait}`));
    },
    [Symbol.dispose]: () => undefined,
  };
}

function elapsed(ms: number): string {
  return `${(ms / 1_000).toFixed(1).padStart(6)}s`;
}

function describeWait(decision: Decision): string {
  const waiting = decision.applications.flatMap((application) => application.waiting);
  const gate = waiting.find(({ kind }) => kind !== 'step') ?? waiting[0];
  if (gate === undefined) return '';
  const where = [gate.application, gate.service, gate.slot].filter((part) => part !== '').join('/');
  return `${where}: ${gate.reason}`;
}
