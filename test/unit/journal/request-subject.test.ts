import Database from 'libsql';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { appendRequest, readRequests } from '../../../src/journal/request-rows.ts';
import { createTables } from '../../../src/journal/tables.ts';
import type { RequestKind } from '../../../src/model/request.ts';
import { subjectOf } from '../../../src/model/request.ts';

let database: Database.Database;

beforeEach(() => {
  database = new Database(':memory:');
  createTables(database);
});
afterEach(() => {
  database.close();
});

it.each<[RequestKind, string, object]>([
  ['retry', 'shop', { application: 'shop' }],
  ['fence', 'host-1', { application: '', host: 'host-1' }],
  ['remove-volume', 'host-1/data', { application: '', host: 'host-1', volume: 'data' }],
])('a request to %s is read as it was asked, with what it is about', (kind, subject, about) => {
  const asked = appendRequest(database, { kind, ...subjectOf(kind, subject), by: 'ada', at: 5 });

  expect(asked).toEqual({ id: 1, kind, ...about, by: 'ada', at: 5 });
  expect(readRequests(database)()).toEqual([asked]);
});
