import type { PullPolicy } from '../../model/application.ts';
import { complain, readText, type Cursor } from '../cursor.ts';

const policies: Readonly<Record<string, PullPolicy>> = {
  missing: 'missing',
  if_not_present: 'missing',
  always: 'always',
  never: 'never',
};

export function resolvePullPolicy(cursor: Cursor): PullPolicy {
  const text = readText(cursor) ?? 'missing';
  const policy = Object.hasOwn(policies, text) ? policies[text] : undefined;
  if (policy !== undefined) return policy;
  const [why, hint] = text === 'build' ? refusals.build : refusals.other;
  complain(cursor, 'unsupported-value', `the pull policy "${text}" is not supported: ${why}`, hint);
  return 'missing';
}

const refusals = {
  build: ['images are not built on the way to a host', 'Build and push the image, and name it'],
  other: [
    'an image is pulled for a version, and not at a time',
    'Use missing, always or never; x-fleetwright.image.tagMoved: roll rolls out what a tag comes to mean',
  ],
} as const;
