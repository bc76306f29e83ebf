/** A process of its own that writes one entry into the journal of the folder it is given, says so, and never ends. */
import { pino } from 'pino';

import { openJournal } from '../../../src/journal/open-journal.ts';

const journal = openJournal(process.argv[2] ?? '', pino({ level: 'silent' }));
journal.write([{ kind: 'application-seen', application: 'shop' }], 1);
process.stdout.write('written\n');
setInterval(() => journal.state(), 60_000);
