import type Database from 'libsql';

import type { JournalEntry } from '../model/journal-state.ts';
import type { OperatorRequest, RequestKind } from '../model/request.ts';
import { subjectOf } from '../model/request.ts';

/** What the operator made of a request: taken up, or turned down for the reason in the message. */
export type RequestAnswer = Extract<JournalEntry, { readonly kind: 'request-answered' }>;

interface RequestRow {
  readonly id: number;
  readonly kind: string;
  readonly application: string;
  readonly asked_by: string;
  readonly at: number;
  /** How many slots it moves at most; null: it does not say. */
  readonly most: number | null;
}

/** The way to read the requests that are not answered yet, in the order of asking: one prepared statement. */
export function readRequests(database: Database.Database): () => readonly OperatorRequest[] {
  const select = database.prepare(
    `SELECT id, kind, application, asked_by, at, most FROM requests
     LEFT JOIN request_moves ON request = id ORDER BY id`,
  );
  return () =>
    (select.all() as readonly RequestRow[]).map(
      ({ id, kind, application, asked_by: by, at, most }) => ({
        id,
        kind: kind as RequestKind,
        ...subjectOf(kind as RequestKind, application),
        ...(most === null ? {} : { maxMoves: most }),
        by,
        at,
      }),
    );
}

/** Appends a request, and gives it its id. */
export function appendRequest(
  database: Database.Database,
  request: Omit<OperatorRequest, 'id'>,
): OperatorRequest {
  const { kind, application, host, volume, maxMoves, by, at } = request;
  const subject = volume === undefined ? (host ?? application) : `${host}/${volume}`;
  const append = database.transaction((): number => {
    const { lastInsertRowid } = database
      .prepare('INSERT INTO requests (kind, application, asked_by, at) VALUES (?, ?, ?, ?)')
      .run(kind, subject, by, at);
    const id = Number(lastInsertRowid);
    if (maxMoves !== undefined) {
      database
        .prepare('INSERT OR REPLACE INTO request_moves (request, most) VALUES (?, ?)')
        .run(id, maxMoves);
    }
    return id;
  });
  return { id: append.immediate(), ...request };
}

/** The answer to a request, from the events; null when there is none yet. */
export function readAnswer(
  database: Database.Database,
  { id, application }: OperatorRequest,
): RequestAnswer | null {
  const [row] = database
    .prepare(
      `SELECT data FROM events
       WHERE application = ? AND kind = 'request-answered' AND json_extract(data, '$.request') = ?`,
    )
    .all(application, id) as readonly { readonly data: string }[];
  return row === undefined ? null : (JSON.parse(row.data) as RequestAnswer);
}
