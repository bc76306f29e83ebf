import {
  child,
  complain,
  complainAtKey,
  isEmptyOrNull,
  readText,
  silent,
  type Cursor,
} from '../cursor.ts';
import { readDuration } from '../resolve/duration.ts';
import type { Rule } from './rule.ts';

/** What comes in meanwhile is not to notice it. */
const shortestIntervalMs = 50;
/** The end of a rollout waits for the last answer. */
const longestMs = 60_000;

/** The entrance of a proof can be asked, at a pace that is no load, and its URL tells nobody a secret. */
export const proofsCanBeAsked: Rule = ({ services }) => {
  for (const service of services.values()) {
    const expose = child(service, 'x-fleetwright', 'expose');
    const proof = child(expose, 'proof');
    if (isEmptyOrNull(proof)) continue;
    if (isEmptyOrNull(child(expose, 'host'))) {
      const message = '"proof" needs "host": its requests come from outside';
      complainAtKey(proof, 'missing-key', message, 'Add "host", or remove "proof"');
    }
    judgeTimes(proof);
    judgeUrl(child(proof, 'url'));
  }
};

function judgeTimes(proof: Cursor): void {
  const [interval, timeout] = [child(proof, 'interval'), child(proof, 'timeout')];
  if ((readDuration(silent(interval)) ?? shortestIntervalMs) < shortestIntervalMs) {
    complain(interval, 'invalid-value', `"interval" must be at least ${shortestIntervalMs}ms`);
  }
  if (readDuration(silent(timeout)) === 0) {
    complain(timeout, 'invalid-value', '"timeout" must be longer than zero');
  }
  for (const [name, cursor] of Object.entries({ interval, timeout })) {
    if ((readDuration(silent(cursor)) ?? 0) <= longestMs) continue;
    complain(cursor, 'invalid-value', `"${name}" must be at most 1m`);
  }
}

/** It is not quoted: what is wrong with it may be a password. */
function judgeUrl(cursor: Cursor): void {
  const text = readText(cursor);
  if (text === null) return;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.username !== '' || url.password !== '')) {
    complain(
      cursor,
      'secret-in-url',
      '"url" holds a user or a password, which whoever reads the repository would know',
      'Ask for a path that needs neither',
    );
    return;
  }
  if (url !== null && isEntrance(url, text)) return;
  complain(
    cursor,
    'invalid-value',
    '"url" must be scheme, host and port alone, such as https://shop.example.com',
    'What is asked for there is "path"',
  );
}

function isEntrance({ protocol, pathname, origin }: URL, text: string): boolean {
  const isHttp = protocol === 'http:' || protocol === 'https:';
  // An empty user, query or fragment is none that the URL tells of.
  return isHttp && pathname === '/' && !/[?#@\s]/.test(text) && origin !== 'null';
}
