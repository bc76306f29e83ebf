import type Database from 'libsql';

import type { AnalysisTarget, QueryRecord } from '../model/analysis.ts';
import type { ApplicationSpec } from '../model/application.ts';
import type { MetricStanding } from '../model/autoscale.ts';
import type {
  ApplicationRecord,
  HostRecord,
  ImageRecord,
  InstanceRecord,
  JournalState,
  LastKnownGood,
  SlotRecord,
} from '../model/journal-state.ts';
import type { DriftItem } from '../model/drift.ts';
import { withCurrentHashes } from '../model/older-hashes.ts';
import type { HostName } from '../model/names.ts';
import { toContainerId } from '../model/names.ts';
import type { RejectedRevision } from '../model/rejected-revision.ts';
import type { Revision } from '../model/revision.ts';
import type { DriftRecord } from './journal.ts';

interface Row {
  readonly key: string;
  readonly value: string;
}

/** The whole state, parsed from its rows. */
export function readState(database: Database.Database): JournalState {
  return {
    applications: new Map(
      rows(database, 'SELECT name AS key, record AS value FROM applications ORDER BY name').map(
        ({ key, value }) => [key, ofToday(JSON.parse(value) as ApplicationRecord)],
      ),
    ),
    slots: new Map(
      rows(database, 'SELECT slot AS key, record AS value FROM slots ORDER BY slot').map(
        ({ key, value }) => [key, JSON.parse(value) as SlotRecord],
      ),
    ),
    instances: new Map(
      rows(database, 'SELECT container AS key, record AS value FROM instances').map(
        ({ key, value }) => [toContainerId(key), JSON.parse(value) as InstanceRecord],
      ),
    ),
    // An earlier release knew of none.
    hosts: new Map((readFact(database, 'hosts') ?? []) as readonly [HostName, HostRecord][]),
    images: new Map((readFact(database, 'images') ?? []) as readonly [string, ImageRecord][]),
    loads: new Map(
      (readFact(database, 'loads') ?? []) as readonly [string, readonly MetricStanding[]][],
    ),
    analyses: readAnalyses(database),
  };
}

interface KeptReading {
  readonly target: AnalysisTarget;
  readonly queries: readonly (readonly [string, QueryRecord])[];
}

function readAnalyses(database: Database.Database): JournalState['analyses'] {
  const kept = (readFact(database, 'analyses') ?? []) as readonly [string, KeptReading][];
  return new Map(
    kept.map(([key, { target, queries }]) => [key, { target, queries: new Map(queries) }]),
  );
}

/**
 * A journal of an earlier release knows only the manifest of an application, and none of the other files that it has; what
 * was scaled to 0 it took for proven. Its hashes may be by older rules.
 */
function ofToday(record: ApplicationRecord): ApplicationRecord {
  const { lastKnownGood: good } = record;
  if (good === null) return record;
  const { files = [good.spec.file] } = good.spec as Partial<ApplicationSpec>;
  const { untried = [] } = good as Partial<LastKnownGood>;
  const spec = withCurrentHashes({ ...good.spec, files });
  return { ...record, lastKnownGood: { ...good, untried, spec } };
}

export function readAccepted(database: Database.Database): Revision | null {
  return readFact(database, 'accepted') as Revision | null;
}

export function readRejected(database: Database.Database): RejectedRevision | null {
  return readFact(database, 'rejected') as RejectedRevision | null;
}

export function readFact(database: Database.Database, name: string): unknown {
  const [row] = database
    .prepare('SELECT name AS key, value FROM facts WHERE name = ?')
    .all(name) as readonly Row[];
  return row === undefined ? null : JSON.parse(row.value);
}

export function readDrift(database: Database.Database, since: number): readonly DriftRecord[] {
  const found = database
    .prepare(
      `SELECT item, first_seen, last_seen, resolved_at FROM drift
       WHERE resolved_at IS NULL OR resolved_at >= ? ORDER BY first_seen, item_key`,
    )
    .all(since) as readonly {
    readonly item: string;
    readonly first_seen: number;
    readonly last_seen: number;
    readonly resolved_at: number | null;
  }[];
  return found.map((row) => ({
    item: JSON.parse(row.item) as DriftItem,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    resolvedAt: row.resolved_at,
  }));
}

function rows(database: Database.Database, query: string): readonly Row[] {
  return database.prepare(query).all() as readonly Row[];
}
