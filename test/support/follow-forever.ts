import { setTimeout as sleep } from 'node:timers/promises';

import { pino } from 'pino';

import { openSource } from '../../src/source/open-source.ts';

/** Follows a repository without a pause until it is killed: `follow-forever.ts URL STATE_DIR`. */
const [repository = '', stateDir = ''] = process.argv.slice(2);
const logger = pino({ level: 'silent' });
const source = await openSource({
  repository,
  stateDir,
  ref: { kind: 'branch', name: 'main' },
  path: '',
  pollIntervalMs: 1000,
  logger,
});
process.stdout.write('following\n');
for (;;) {
  await source.head(new AbortController().signal);
  await sleep(1);
}
