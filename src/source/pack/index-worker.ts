/** Indexes one pack, and answers what is wrong with it, or null. */
import { parentPort, workerData } from 'node:worker_threads';

import { messageOf } from '../../model/errors.ts';
import { indexHere } from './write-pack-index.ts';

const problem = await indexHere(workerData as string).then(() => null, messageOf);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(problem);
