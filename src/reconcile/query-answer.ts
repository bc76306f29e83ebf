import type { QueryReading } from '../model/autoscale.ts';
import { printable } from '../model/printable.ts';

/** Of what somebody else says, in characters. */
const saidChars = 200;

/**
 * The number that a Prometheus answers an instant query with (Prometheus, "HTTP API": "Expression query result formats"): a scalar,
 * or a vector of one.
 */
export function readQueryAnswer(httpStatus: number, text: string): QueryReading {
  const answer = parse(text);
  if (httpStatus !== 200) return unread(refusal(httpStatus, answer));
  const data = answer === null ? null : answer['data'];
  if (!isRecord(data)) return unread('what answers is no Prometheus');
  const { resultType, result } = data;
  if (resultType === 'scalar') return numberIn(result);
  if (resultType !== 'vector' || !Array.isArray(result)) {
    return unread(
      `the query gives a ${printable(String(resultType), saidChars)}, and one number is wanted`,
    );
  }
  const [first] = result as readonly unknown[];
  if (result.length > 1) {
    return unread(`the query gives ${result.length} series, and one is wanted, as with sum(…)`);
  }
  return isRecord(first) ? numberIn(first['value']) : unread('the query gives no series');
}

/** A pair of time and text. */
function numberIn(sample: unknown): QueryReading {
  const text: unknown = Array.isArray(sample) ? sample[1] : null;
  if (typeof text !== 'string') return unread('what answers is no Prometheus');
  if (text !== '' && Number.isFinite(Number(text))) return { kind: 'read', value: Number(text) };
  return unread(`the query gives "${printable(text, saidChars)}"`);
}

function refusal(httpStatus: number, answer: Readonly<Record<string, unknown>> | null): string {
  const said = answer?.['error'];
  const why = typeof said === 'string' ? `: ${printable(said, saidChars)}` : '';
  return `HTTP ${httpStatus}${why}`;
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function unread(reason: string): QueryReading {
  return { kind: 'unread', reason };
}
