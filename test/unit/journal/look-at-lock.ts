/** A process of its own that asks for half a minute whether the folder it is given has a writer, as often as it can. */
import { isStateLocked } from '../../../src/journal/state-lock.ts';

const folder = process.argv[2] ?? '';
const end = performance.now() + 30_000;
isStateLocked(folder);
process.stdout.write('looking\n');
while (performance.now() < end) isStateLocked(folder);
