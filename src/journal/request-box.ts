import type Database from 'libsql';

import { messageOf, StalledError, TransientError } from '../model/errors.ts';
import type { OperatorRequest } from '../model/request.ts';
import { isUnreadable, journalFile, makeStateFolder, openDatabase } from './open-database.ts';
import type { RequestAnswer } from './request-rows.ts';
import { appendRequest, readAnswer } from './request-rows.ts';

/** Where a command leaves what it asks of the operator, and finds the answer. */
export interface RequestBox extends Disposable {
  /** On disk when it returns, whether an operator is running or not. */
  append(request: Omit<OperatorRequest, 'id'>): OperatorRequest;
  /** Null until the operator has answered. */
  answerTo(request: OperatorRequest): RequestAnswer | null;
}

/**
 * Opens the journal of a state folder for requests, beside the process that writes it. Begins a journal when there is none.
 *
 * @throws StalledError `JournalUnreadable`: it is damaged or of another release
 * @throws TransientError `JournalUnavailable`
 */
export function openRequestBox(stateDir: string): RequestBox {
  makeStateFolder(stateDir);
  const database = open(journalFile(stateDir));
  return {
    append: (request) => appendRequest(database, request),
    answerTo: (request) => readAnswer(database, request),
    [Symbol.dispose]: () => database.close(),
  };
}

function open(file: string): Database.Database {
  try {
    return openDatabase(file);
  } catch (error) {
    const what = `Cannot write into the journal "${file}": ${messageOf(error)}`;
    if (!isUnreadable(error))
      throw new TransientError('JournalUnavailable', what, { cause: error });
    const message = `${what}; start "fleetwright run" or "fleetwright sync" of this release, which begins it anew`;
    throw new StalledError('JournalUnreadable', message, { cause: error });
  }
}
