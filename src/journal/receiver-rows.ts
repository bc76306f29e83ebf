import type Database from 'libsql';

/** How what is told reaches a receiver. */
export interface ReceiverStanding {
  readonly name: string;
  /** Since when nothing has reached it, in milliseconds since the epoch; null: the last try did, or there was none. */
  readonly failingSince: number | null;
  /** Why; empty: it does not fail. */
  readonly reason: string;
  /** Notices that have not reached it yet. */
  readonly waiting: number;
  /** Notices that will not reach it any more. */
  readonly givenUp: number;
}

/** All receivers, by name. A journal of an earlier release has none. */
export function readReceivers(database: Database.Database): readonly ReceiverStanding[] {
  const [table] = database
    .prepare("SELECT 1 AS there FROM sqlite_master WHERE type = 'table' AND name = 'receivers'")
    .all();
  if (table === undefined) return [];
  const rows = database
    .prepare(
      `SELECT name, failing_since, reason, given_up,
         (SELECT count(*) FROM outbox WHERE receiver = name) AS waiting
       FROM receivers ORDER BY name`,
    )
    .all() as readonly {
    readonly name: string;
    readonly failing_since: number | null;
    readonly reason: string;
    readonly given_up: number;
    readonly waiting: number;
  }[];
  return rows.map((row) => ({
    name: row.name,
    failingSince: row.failing_since,
    reason: row.reason,
    waiting: row.waiting,
    givenUp: row.given_up,
  }));
}
