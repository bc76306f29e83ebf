import { complain, readText, type Cursor } from '../cursor.ts';

/** An image is pulled where it is missing: another policy would let it change without a commit, or never come. */
export function checkPullPolicy(cursor: Cursor): void {
  const policy = readText(cursor) ?? 'missing';
  if (policy === 'missing' || policy === 'if_not_present') return;
  complain(
    cursor,
    'unsupported-value',
    `the pull policy "${policy}" is not supported: an image is pulled where it is missing`,
    'Name the image by its digest, and remove the key',
  );
}
