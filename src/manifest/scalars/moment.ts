import { isoTime, parseIsoTime } from '../../model/iso-time.ts';
import { malformed, parsed, type Parsed } from './parsed.ts';

const grammar =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[Tt ](?<time>[01]\d:[0-5]\d|2[0-3]:[0-5]\d)(?<seconds>:[0-5]\d)?(?:\.\d+)?(?<zone>[Zz]|[+-]\d\d:\d\d)?)?$/;

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * A moment as ISO 8601 writes it, in milliseconds since the epoch: `2027-01-31`, which ends with that day, or
 * `2027-01-31T18:00Z`. Without a zone it is UTC.
 */
export function parseMoment(text: string): Parsed<number> {
  const { date = '', time, seconds = ':00', zone = 'Z' } = grammar.exec(text)?.groups ?? {};
  const midnight = `${date}T00:00:00Z`;
  if (date === '' || isoTime(parseIsoTime(midnight)) !== midnight) {
    return malformed(
      `"${text}" is not a date or a time: expected ISO 8601, such as 2027-01-31 or 2027-01-31T18:00Z`,
    );
  }
  if (time === undefined) return parsed(parseIsoTime(midnight) + dayMs);
  return parsed(parseIsoTime(`${date}T${time}${seconds}Z`) - offsetMs(zone));
}

function offsetMs(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * minuteMs;
  return sign === '-' ? -offset : offset;
}
