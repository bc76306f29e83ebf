import type { Location, Log, ReportingDescriptor, Result } from 'sarif';

import type { DriftReport, IgnoredItem, Item } from '../generated/drift.ts';
import { digestOf } from '../model/digest.ts';
import {
  causeWords,
  contendedWords,
  fieldName,
  ruleInWords,
  serviceInWords,
} from './drift-words.ts';
import { formatField } from './text.ts';

/**
 * What is open and what is left alone in SARIF 2.1.0 (OASIS), so that code hosts and editors show it at the line that asks
 * for something else. What has no line in the repository stands there without one.
 *
 * @param version of Fleetwright
 */
export function driftSarif(report: DriftReport, version: string): Log {
  const open = report.items.filter(({ state }) => state === 'open');
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Fleetwright', version, rules: rulesOf(report) } },
        automationDetails: { id: `fleetwright/drift/${report.revision.commit}` },
        columnKind: 'utf16CodeUnits',
        results: [
          ...open.map((item) => resultOf(item, levels[item.severity], noteOf(item))),
          ...report.ignored.map(ignoredResult),
        ],
      },
    ],
  };
}

function noteOf(item: Item): string {
  const by = item.cause === null ? [] : [`by ${causeWords(item)}`];
  const fight = item.contended ? [contendedWords] : [];
  return [...by, item.note, ...fight].join('; ');
}

const levels: Readonly<Record<Item['severity'], 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  warning: 'warning',
  info: 'note',
};

function rulesOf({ items, ignored }: DriftReport): ReportingDescriptor[] {
  const classes = new Set([...items, ...ignored].map((item) => item.class));
  return [...classes].toSorted().map((id) => ({
    id,
    shortDescription: { text: `Drift of the class ${id}` },
  }));
}

function resultOf(item: Item | IgnoredItem, level: Result.level, note: string): Result {
  const { host, container, path, desired, observed } = item;
  const values = `is ${formatField(path, observed)}, should be ${formatField(path, desired)}`;
  const where = container === '' ? host : `${container} on ${host}`;
  const text = `${serviceInWords(item)}: ${fieldName(path)} of ${where} ${values}; ${note}`;
  return {
    ruleId: item.class,
    level,
    message: { text },
    locations: [locationOf(item)],
    partialFingerprints: { 'fleetwright/v1': fingerprint(item) },
  };
}

function ignoredResult(item: IgnoredItem): Result {
  const { rule } = item;
  const justification = `${rule.reason} (${ruleInWords(rule)})`;
  return {
    ...resultOf(item, 'note', 'left alone by a rule'),
    suppressions: [{ kind: 'external', status: 'accepted', justification }],
  };
}

function locationOf(item: Item | IgnoredItem): Location {
  const { origin, slot, path } = item;
  const service = serviceInWords(item);
  const fullyQualifiedName = [service, slot, path].filter((part) => part !== '').join('.');
  const logicalLocations = [{ fullyQualifiedName, kind: 'resource' }];
  if (origin === null) return { logicalLocations };
  const { file, line, column } = origin;
  return {
    physicalLocation: {
      artifactLocation: { uri: encodeURI(file), uriBaseId: '%SRCROOT%' },
      region: { startLine: line, startColumn: column },
    },
    logicalLocations,
  };
}

/** The same item in the next report: a container's name changes with each that takes the slot. */
function fingerprint(item: Item | IgnoredItem): string {
  const { application, service, slot, host, path } = item;
  return digestOf([application, service, slot, host, item.class, path]);
}
