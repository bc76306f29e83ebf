import { join } from 'node:path';
import { mkdirSync, writeFileSync } from 'node:fs';

import { pino } from 'pino';

import { openJournal } from '../../src/journal/open-journal.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Clock } from '../../src/model/clock.ts';
import { diagnosticAt } from '../../src/model/diagnostic.ts';
import type { Destination, Receiver } from '../../src/notify/receiver.ts';
import { Notifier } from '../../src/notify/notifier.ts';
import { systemClock } from '../../src/reconcile/system-clock.ts';
import { aRevision, origin } from './builders.ts';

export const webhookSecret = 'planted-webhook-secret';

/** A state folder with a journal, files with secrets beside it, and what was logged. */
export interface Telling {
  readonly stateDir: string;
  readonly log: string[];
  /** How long each timer was to take, in milliseconds. */
  readonly waited: number[];
  readonly journal: Journal;
  /** Writes a file that only its owner may read, and gives its path. */
  readonly secret: (name: string, text: string) => string;
  readonly webhook: (name: string, url: string, facts?: Partial<Receiver>) => Receiver;
  /** Begins to tell them; `aheadMs` milliseconds from now, as it believes. */
  readonly start: (receivers: readonly Receiver[], aheadMs?: number) => void;
  readonly stop: () => Promise<void>;
  /** A commit is refused: something to tell. */
  readonly refuse: (seed: number) => void;
}

/** Timers of minutes are over in seconds. */
const haste = 40;

export function openTelling(folder: string): Telling & AsyncDisposable {
  let notifier: Notifier | null = null;
  const stop = async (): Promise<void> => {
    await notifier?.[Symbol.asyncDispose]();
    notifier = null;
  };
  const log: string[] = [];
  const waited: number[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => void log.push(line) });
  const stateDir = join(folder, 'state');
  const journal = openJournal(stateDir, logger);
  const secret = (name: string, text: string): string => {
    const file = join(folder, 'credentials', name);
    mkdirSync(join(folder, 'credentials'), { recursive: true });
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return file;
  };
  return {
    stateDir,
    log,
    waited,
    journal,
    secret,
    webhook: (name, url, facts = {}) => {
      const secretFile = secret('webhook', webhookSecret);
      const destination: Destination = { type: 'webhook', url, urlFile: null, secretFile };
      return aReceiver(name, destination, facts);
    },
    stop,
    start: (receivers, aheadMs = 0) => {
      const clock: Clock = {
        now: () => systemClock.now() + aheadMs,
        after: (ms, callback) => {
          waited.push(ms);
          return systemClock.after(ms / haste, callback);
        },
      };
      const parts = { stateDir, receivers, logger, clock, random: () => 0, timeoutMs: 700 };
      notifier = Notifier.open(parts);
    },
    refuse: (seed) => {
      journal.reject(aRevision(seed), [diagnosticAt(origin, '', 'no', `wrong ${seed}`)]);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      journal[Symbol.dispose]();
    },
  };
}

export function aReceiver(
  name: string,
  destination: Destination,
  facts: Partial<Receiver> = {},
): Receiver {
  const isStatus = ['github', 'gitlab', 'gitea'].includes(destination.type);
  const route = { caFile: undefined, proxy: undefined };
  const all = { events: null, applications: null, reminderMs: null };
  return { name, isStatus, ...all, destination, route, ...facts };
}
