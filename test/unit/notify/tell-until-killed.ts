/** A process of its own that tells a receiver what the journal of a folder has, and never ends. */
import { pino } from 'pino';

import { Notifier } from '../../../src/notify/notifier.ts';
import { systemClock as clock } from '../../../src/reconcile/system-clock.ts';
import { aReceiver } from '../../support/told.ts';

const [stateDir = '', url = '', secretFile = ''] = process.argv.slice(2);
const receiver = aReceiver('ops', { type: 'webhook', url, urlFile: null, secretFile });
const logger = pino({ level: 'silent' });
Notifier.open({ stateDir, receivers: [receiver], logger, clock });
