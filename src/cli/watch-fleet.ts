import type { Logger } from 'pino';

import { pause } from '../fleet/deadline.ts';
import { systemClock as clock } from '../reconcile/system-clock.ts';
import { TrafficWatch } from '../reconcile/traffic-watch.ts';
import { Wake } from '../reconcile/wake.ts';
import type { Style } from '../report/style.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { FleetView, type Seen } from './fleet-view.ts';
import { GateWatch } from './gate-watch.ts';
import { openHosts, readingOf } from './live.ts';
import type { Output } from './output.ts';
import { Screen } from './screen.ts';
import type { Settings } from './settings.ts';

/** The least time between two looks, so that a burst of events is one. */
const restMs = 100;
/** What proxies are told by the operator, no event tells. */
const askProxiesMs = 2_000;

export interface WatchFlags {
  readonly watch?: boolean;
  /** In milliseconds. */
  readonly interval?: number;
}

const usualIntervalMs = 2_000;

/** What is shown of the fleet. */
export interface Watched<Document> {
  readonly look: (seen: Seen, signal: AbortSignal) => Promise<Document>;
  readonly render: (document: Document, style: Style, verbose: boolean) => string;
  /** Keys of times, whose going by is no change. */
  readonly times: readonly string[];
}

/**
 * Shows a document of the fleet again and again, drawn in place on a terminal, else as one JSON document a line for each change.
 * Git is read once for each commit in force, and the hosts tell of changes themselves.
 */
export async function watchFleet<Document>(
  settings: Settings,
  { interval = usualIntervalMs }: WatchFlags,
  watched: Watched<Document>,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using fleet = openHosts(settings, logger, readingOf(settings).key);
  const wake = new Wake(clock);
  using gates = new GateWatch(clock, () => wake.call());
  const onChange = (): void => wake.call();
  using traffic = new TrafficWatch({ clock, fleet, onChange, idleMs: askProxiesMs });
  using view = new FleetView({ settings, logger, fleet, gates, traffic, output });
  if ((await view.open(signal)) === 'refused') return exitCode.negative;
  fleet.subscribe(() => wake.call());
  const stop = AbortSignal.any([signal, readerGone()]);
  using display =
    output.format === 'text' && process.stdout.isTTY
      ? onScreen(output, watched)
      : asLines(output, watched);
  while (!stop.aborted) {
    const seen = await view.look(signal);
    display.show(await watched.look(seen, signal), seen.note);
    await pause(clock, restMs, stop);
    await wake.sleep(interval, stop);
  }
  return exitCode.done;
}

/** Aborted when whoever reads the output has left, as `head` does when it has enough. */
function readerGone(): AbortSignal {
  const gone = new AbortController();
  process.stdout.on('error', () => gone.abort());
  return gone.signal;
}

interface Display<Document> extends Disposable {
  show(document: Document, note: string): void;
}

/** Leaves the last picture behind. */
function onScreen<Document>(
  { style, verbose }: Output,
  { render }: Watched<Document>,
): Display<Document> {
  const screen = new Screen(process.stdout);
  let last = '';
  return {
    show: (document, note) => {
      last = render(document, style, verbose);
      const text = note === '' ? last : `${style.yellow(note)}\n\n${last}`;
      screen.draw(text.split('\n'));
    },
    [Symbol.dispose]: () => {
      screen[Symbol.dispose]();
      process.stdout.write(`${last}\n`);
    },
  };
}

function asLines<Document>(output: Output, { times }: Watched<Document>): Display<Document> {
  /** That time goes by, or that something is put off, is no change. */
  const withoutTimes = (key: string, value: unknown): unknown =>
    times.includes(key) ? undefined : value;
  let before = '';
  let noted = '';
  return {
    show: (document, note) => {
      if (note !== '' && note !== noted) output.error(note);
      noted = note;
      const now = JSON.stringify(document, withoutTimes);
      if (now !== before) output.data(JSON.stringify(document));
      before = now;
    },
    [Symbol.dispose]: () => undefined,
  };
}
