import { randomBytes } from 'node:crypto';

import type { Notify as NotifyDocument } from '../generated/notify.ts';
import { ourselves } from '../model/history.ts';
import { UsageError } from '../model/errors.ts';
import type { Notice } from '../model/notice.ts';
import { readJournal } from '../journal/open-journal.ts';
import { asDeliveryError, tryTimeoutMs } from '../notify/delivery-error.ts';
import type { Receiver } from '../notify/receiver.ts';
import { openSender } from '../notify/sender.ts';
import { timeLimit } from '../notify/time-limit.ts';
import { systemClock as clock } from '../reconcile/system-clock.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import type { Settings } from './settings.ts';

/** `fleetwright notify --test NAME`: one notice to one receiver, now, beside all that waits for it. */
export async function notify(
  { receivers, state }: Settings,
  name: string,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const receiver = receivers.find((one) => one.name === name);
  if (receiver === undefined) {
    const known = receivers.length === 0 ? 'none' : receivers.map((one) => one.name).join(', ');
    throw new UsageError(
      `Cannot test the receiver "${name}": the configuration has ${known} under notifications`,
    );
  }
  const notice = testNotice(state);
  if (receiver.isStatus && notice.commit === null) {
    throw new UsageError(
      `Cannot test the receiver "${name}": it sets the status of a commit, and none is in force yet`,
    );
  }
  const reason = await tryOnce(receiver, notice, signal);
  const document: NotifyDocument = {
    version: 1,
    receiver: name,
    notice: notice.id,
    delivered: reason === '',
    reason,
  };
  if (output.format === 'json') output.data(toJson(document));
  else if (reason === '') output.data(`The receiver "${name}" has taken the notice ${notice.id}`);
  if (reason !== '') output.error(`The receiver "${name}" cannot be told: ${reason}`);
  return reason === '' ? exitCode.done : exitCode.unreachable;
}

/** Why the receiver was not told; empty: it was. */
async function tryOnce(receiver: Receiver, notice: Notice, signal: AbortSignal): Promise<string> {
  const sender = openSender(receiver);
  using limit = timeLimit(signal, tryTimeoutMs);
  try {
    await sender.send(notice, limit.signal);
    return '';
  } catch (error) {
    if (signal.aborted) throw error;
    return asDeliveryError(error).message;
  } finally {
    sender.close();
  }
}

function testNotice(stateDir: string): Notice {
  using journal = readJournal(stateDir);
  const commit = journal.accepted()?.commit ?? null;
  return {
    id: `test-${randomBytes(8).toString('hex')}`,
    event: 'test',
    tone: 'neutral',
    at: clock.now(),
    fleet: '',
    application: '',
    service: '',
    slot: '',
    host: null,
    commit,
    origin: null,
    actor: ourselves,
    message: 'this is a test: whoever reads it is told of what happens to the fleet',
    reason: '',
    resolves: null,
    reminds: null,
  };
}
