import { suggest } from '../suggest.ts';

import { malformed, parsed, type Parsed } from './parsed.ts';

export interface ConstraintText {
  /** The part before the label's name in lower case: `node.labels.Zone`. */
  readonly key: string;
  readonly operator: '==' | '!=';
  readonly value: string;
}

const attributes = [
  'node.id',
  'node.hostname',
  'node.ip',
  'node.group',
  'node.platform.os',
  'node.platform.arch',
];
const labelPrefixes = ['node.labels.', 'engine.labels.'];

// SwarmKit's constraint.go: what a key and a value may hold.
const grammar = /^\s*(?<key>[a-z_][a-z0-9\-_.]+)\s*(?<operator>==|!=)\s*(?<value>\S.*)$/is;
const valueGrammar = /^[a-z0-9:\-_\s.*()?+[\]\\^$|/]+$/i;

/** A placement constraint in Swarm's grammar: `node.labels.zone == a`, `node.hostname != b`. */
export function parseConstraint(text: string): Parsed<ConstraintText> {
  const { key, operator, value } = grammar.exec(text)?.groups ?? {};
  if (key === undefined || value === undefined || !valueGrammar.test(value)) {
    return malformed(
      `"${text}" is not a placement constraint: expected a key, == or !=, and a value, such as node.labels.zone == a`,
    );
  }
  const known = knownKey(key);
  if (known === null)
    return malformed(`"${text}" is not a placement constraint: ${reasonFor(key)}`);
  return parsed({ key: known, operator: operator === '!=' ? '!=' : '==', value: value.trimEnd() });
}

/** What slots are spread over, as Swarm has it: `node.labels.zone`. */
export function parseSpread(text: string): Parsed<string> {
  const known = knownKey(text.trim());
  if (known !== null && !attributes.includes(known)) return parsed(known);
  return malformed(
    `"${text}" is nothing to spread over: expected node.labels.NAME or engine.labels.NAME`,
  );
}

/** Keys are compared without regard to case, but the names of labels are not. */
function knownKey(key: string): string | null {
  const lower = key.toLowerCase();
  if (attributes.includes(lower)) return lower;
  const prefix = labelPrefixes.find((each) => lower.startsWith(each) && lower.length > each.length);
  return prefix === undefined ? null : prefix + key.slice(prefix.length);
}

function reasonFor(key: string): string {
  if (key.toLowerCase() === 'node.role') return 'hosts have no role here, label them instead';
  const label = /^([^.]+\.[^.]+\.)(.+)$/.exec(key);
  const candidates = [
    ...attributes,
    ...labelPrefixes.map((prefix) => prefix + (label?.[2] ?? 'X')),
  ];
  const meant = suggest(key, candidates);
  return meant === undefined
    ? `unknown key "${key}" (known: ${[...attributes, 'node.labels.X', 'engine.labels.X'].join(', ')})`
    : `unknown key "${key}" (did you mean "${meant}"?)`;
}
