/** Joins packs, and answers what is wrong with them, or null. */
import { parentPort, workerData } from 'node:worker_threads';

import { messageOf } from '../../model/errors.ts';
import { joinPacks } from './join-packs.ts';
import type { JoinTask } from './write-joined-pack.ts';

const { bases, folder } = workerData as JoinTask;
const problem = await joinPacks(bases, folder).then(() => null, messageOf);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(problem);
