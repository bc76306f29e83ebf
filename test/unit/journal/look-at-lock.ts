/** A process of its own that asks without end whether the folder it is given has a writer. */
import { isStateLocked } from '../../../src/journal/state-lock.ts';

const folder = process.argv[2] ?? '';
isStateLocked(folder);
process.stdout.write('looking\n');
for (;;) isStateLocked(folder);
