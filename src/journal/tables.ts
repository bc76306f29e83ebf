import type Database from 'libsql';

/**
 * Version of the tables. A file of another version is set aside and begun anew: losing the journal is survivable. A table
 * more needs no other version: it is made where it is not, and an earlier release leaves it alone.
 */
export const tablesVersion = 2;

/** Kept events; older ones are dropped. */
export const keptEvents = 50_000;

export function createTables(database: Database.Database): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS applications (name TEXT PRIMARY KEY, record TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS slots (slot TEXT PRIMARY KEY, record TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS instances (container TEXT PRIMARY KEY, record TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS drift (
      item_key TEXT PRIMARY KEY,
      item TEXT NOT NULL,
      first_seen INTEGER NOT NULL,
      last_seen INTEGER NOT NULL,
      resolved_at INTEGER
    );
    CREATE INDEX IF NOT EXISTS drift_resolved ON drift (resolved_at);
    CREATE TABLE IF NOT EXISTS events (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL,
      application TEXT NOT NULL,
      data TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS events_application ON events (application, id);
    CREATE TABLE IF NOT EXISTS requests (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL,
      application TEXT NOT NULL,
      asked_by TEXT NOT NULL,
      at INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS request_moves (
      request INTEGER PRIMARY KEY,
      most INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS history (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      is_step INTEGER NOT NULL,
      is_open INTEGER NOT NULL,
      application TEXT NOT NULL,
      host TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      entry TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS history_at ON history (is_step, at);
    CREATE INDEX IF NOT EXISTS history_application ON history (is_step, application, at);
    CREATE INDEX IF NOT EXISTS history_host ON history (is_step, host, at);
    CREATE INDEX IF NOT EXISTS history_open ON history (application) WHERE is_open = 1;
    CREATE TABLE IF NOT EXISTS matters (key TEXT PRIMARY KEY, matter TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS outbox (
      receiver TEXT NOT NULL,
      place INTEGER NOT NULL,
      notice TEXT NOT NULL,
      PRIMARY KEY (receiver, place)
    );
    CREATE TABLE IF NOT EXISTS reminders (
      receiver TEXT NOT NULL,
      matter TEXT NOT NULL,
      number INTEGER NOT NULL,
      PRIMARY KEY (receiver, matter)
    );
    CREATE TABLE IF NOT EXISTS receivers (
      name TEXT PRIMARY KEY,
      failing_since INTEGER,
      reason TEXT NOT NULL,
      given_up INTEGER NOT NULL
    );
  `);
}
