import type { Logger } from 'pino';
import { destination, pino } from 'pino';

/** Structured logs on stderr, one JSON object a line. */
export function createLogger(level: string): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, destination({ fd: 2, sync: true }));
}
