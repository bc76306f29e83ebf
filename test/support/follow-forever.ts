import { setTimeout as sleep } from 'node:timers/promises';

import { pino } from 'pino';

import { systemClock } from '../../src/reconcile/system-clock.ts';
import { openSource } from '../../src/source/open-source.ts';
import { countFileCalls } from './count-file-calls.ts';

/**
 * Follows a branch without a pause until it is killed, and says each head that is new, with how many calls of the file system
 * it took: `follow-forever.ts URL STATE_DIR BRANCH MAX_PACKS KILL_AT_CALL`. At that call it kills itself.
 */
const [repository = '', stateDir = '', branch = '', maxPacks, killAtCall] = process.argv.slice(2);
const files = countFileCalls(Number(killAtCall));
process.stdout.write('following\n');
const source = await openSource({
  repository,
  stateDir,
  ref: { kind: 'branch', name: branch },
  path: '',
  pollIntervalMs: 1000,
  maxPacks: Number(maxPacks),
  logger: pino({ level: 'silent' }),
  clock: systemClock,
});
let said = '';
for (;;) {
  const { commit } = await source.head(new AbortController().signal);
  if (commit !== said) process.stdout.write(`${commit} ${files.calls}\n`);
  said = commit;
  await sleep(1);
}
