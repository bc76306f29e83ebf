import type { Constraint } from '../../model/application.ts';
import type { PortSpec } from '../../model/container.ts';
import {
  child,
  complain,
  items,
  readNumber,
  readText,
  silent,
  warn,
  type Cursor,
} from '../cursor.ts';
import { formatPlace } from '../report.ts';
import { replicasOf } from '../resolve/replicas.ts';
import { resolveConstraints } from '../resolve/constraints.ts';
import { readPort } from '../resolve/port.ts';
import type { Subject } from '../subject.ts';
import type { Rule } from './rule.ts';

interface Claim {
  readonly service: string;
  readonly port: PortSpec;
  readonly place: Cursor;
  readonly constraints: readonly Constraint[];
}

/** A fixed port of a host is published once, unless constraints keep the services apart. */
export const hostPortsAreFree: Rule = (subject) => {
  const seen = new Map<string, Claim[]>();
  for (const claim of claims(subject)) {
    const key = `${claim.port.published}/${claim.port.protocol}`;
    const earlier = seen.get(key) ?? [];
    const rival = earlier.find((each) => collide(each, claim));
    if (rival !== undefined) reportRival(claim, rival, key);
    seen.set(key, [...earlier, claim]);
  }
};

/** A fixed port allows one instance per host, so several instances do not fit on the one host they are tied to. */
export const fixedPortsLeaveRoom: Rule = (subject) => {
  for (const claim of claims(subject)) {
    const service = subject.services.get(claim.service);
    const replicas = service === undefined ? null : readNumber(replicasOf(service));
    const pinned = claim.constraints.find(
      ({ key, operator }) => operator === '==' && (key === 'node.hostname' || key === 'node.id'),
    );
    if (replicas === null || replicas < 2 || pinned === undefined) continue;
    warn(
      claim.place,
      'port-per-host',
      `port ${claim.port.published} can be published once per host, but all ${replicas} replicas are tied to one by "${pinned.text}"`,
      'Leave the host port out, or give a range of ports',
    );
  }
};

/**
 * Ports with one fixed number on the host, in the order of the services' names. What is malformed is left out without a
 * word, for it is reported when it is resolved.
 */
function claims(subject: Subject): readonly Claim[] {
  return [...subject.services.keys()].toSorted().flatMap((service) => {
    const cursor = subject.services.get(service);
    if (cursor === undefined) return [];
    const fixed = items(child(cursor, 'ports')).filter(isFixed);
    if (fixed.length === 0) return [];
    const constraints = resolveConstraints(silent(cursor));
    return fixed.flatMap((place) => {
      const port = readPort(silent(place));
      return port === null ? [] : [{ service, port, place, constraints }];
    });
  });
}

function isFixed(place: Cursor): boolean {
  return /^\d+$/.test(readText(child(place, 'published')) ?? '');
}

function collide(a: Claim, b: Claim): boolean {
  return addressesMeet(a.port.hostIp, b.port.hostIp) && !areKeptApart(a, b);
}

function addressesMeet(a: string, b: string): boolean {
  if (a === b || a === '' || b === '') return true;
  if (a.includes(':') !== b.includes(':')) return false;
  return [a, b].some((address) => address === '0.0.0.0' || address === '::');
}

/** Whether no host can satisfy the constraints of both. */
function areKeptApart(a: Claim, b: Claim): boolean {
  return a.constraints.some((left) =>
    b.constraints.some(
      (right) =>
        left.key === right.key &&
        left.operator === '==' &&
        (right.operator === '==' ? left.value !== right.value : left.value === right.value),
    ),
  );
}

function reportRival(claim: Claim, rival: Claim, key: string): void {
  const place = formatPlace(rival.place.origin);
  complain(
    claim.place,
    'duplicate-port',
    `port ${key} of the host is already published by service "${rival.service}" (${place})`,
    'Choose another port, or keep the two on different hosts by placement constraints',
  );
}
