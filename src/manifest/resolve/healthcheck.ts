import type { HealthcheckSpec } from '../../model/container.ts';
import { child, isPresent, readBoolean, readNumber, readTexts, type Cursor } from '../cursor.ts';
import { readDuration } from './duration.ts';

const disabled: HealthcheckSpec = {
  test: ['NONE'],
  intervalMs: null,
  timeoutMs: null,
  startPeriodMs: null,
  startIntervalMs: null,
  retries: null,
};

/** The engine's own check. Zero and absent both mean: the image's value. */
export function resolveHealthcheck(service: Cursor): HealthcheckSpec | null {
  const check = child(service, 'healthcheck');
  if (!isPresent(check)) return null;
  const test = readTexts(child(check, 'test'));
  if (readBoolean(child(check, 'disable')) === true || test[0] === 'NONE') return disabled;
  const spec: HealthcheckSpec = {
    test: test.length === 0 ? null : test,
    intervalMs: positive(readDuration(child(check, 'interval'))),
    timeoutMs: positive(readDuration(child(check, 'timeout'))),
    startPeriodMs: positive(readDuration(child(check, 'start_period'))),
    startIntervalMs: positive(readDuration(child(check, 'start_interval'))),
    retries: positive(readNumber(child(check, 'retries'))),
  };
  return Object.values(spec).every((value) => value === null) ? null : spec;
}

function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}
