/** A process of its own that appends so many requests to the journal of the folder it is given, and prints their numbers. */
import { openRequestBox } from '../../../src/journal/request-box.ts';

const [folder = '', times = '1'] = process.argv.slice(2);
const ids = Array.from({ length: Number(times) }, (_, at) => {
  using box = openRequestBox(folder);
  return box.append({ kind: 'retry', application: 'shop', by: 'test', at }).id;
});
process.stdout.write(`${ids.join(' ')}\n`);
