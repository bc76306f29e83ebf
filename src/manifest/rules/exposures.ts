import { isReachable } from '../../model/entrance-port.ts';
import {
  child,
  complain,
  complainAtKey,
  isEmptyOrNull,
  readBoolean,
  silent,
  type Cursor,
} from '../cursor.ts';
import type { ExposeSpec } from '../../model/traffic.ts';
import type { Subject } from '../subject.ts';
import { resolveExposure } from '../resolve/expose.ts';
import { resolveGate } from '../resolve/gate.ts';
import { resolvePorts } from '../resolve/port.ts';
import { isMeantToEnd, resolveRestart } from '../resolve/restart.ts';
import type { Rule } from './rule.ts';

/** Requests can reach what is exposed, and what is exposed runs all the time. */
export const exposedPortsArePublished: Rule = (subject) => {
  for (const [name, service] of subject.services) {
    const expose = child(service, 'x-fleetwright', 'expose');
    if (!isEmptyOrNull(expose)) judge(subject, name, service, expose);
  }
};

function judge(subject: Subject, name: string, service: Cursor, expose: Cursor): void {
  const isMeant = isMeantToEnd(subject, name);
  if (subject.jobs.has(name) || resolveRestart(silent(service), isMeant).name === 'no') {
    complainAtKey(
      expose,
      'conflicting-keys',
      `service "${name}" is exposed, and its instances are meant to end`,
      'Remove "expose", or the "restart: no"',
    );
    return;
  }
  const resolved = resolveExposure(subject.name, name, silent(expose)).expose;
  judgeNames(expose, resolved);
  const { port } = resolved ?? { port: 0 };
  const gate = resolveGate(silent(service), null);
  const isPublished =
    gate.probe?.port === port ||
    resolvePorts(silent(service)).some(
      ({ target, protocol, hostIp }) =>
        target === port && protocol === 'tcp' && isReachable(hostIp),
    );
  if (isPublished) return;
  complain(
    child(expose, 'port'),
    'unpublished-port',
    `port ${port} is exposed and not published, so no proxy on another host could reach it`,
    `Add ports: ["${port}"], which publishes it on a free port of the host, or a gate with this port`,
  );
}

const longestName = 253;
const longestPart = 63;

/** It can be asked for, by a name that can be looked up. */
function judgeNames(expose: Cursor, resolved: ExposeSpec | undefined): void {
  const place = child(expose, 'internal');
  const isUnnamed = isEmptyOrNull(place) || readBoolean(place) === false;
  if (isUnnamed && isEmptyOrNull(child(expose, 'host'))) {
    const message = '"expose" says neither "host", for requests from outside, nor "internal"';
    complainAtKey(expose, 'missing-key', message, 'Add host: NAME, or internal: true, or both');
  }
  const { internal = '' } = resolved ?? {};
  const parts = internal === '' ? [] : internal.split('.');
  const isUsable = parts.every((part) => part !== '' && part.length <= longestPart);
  if (isUsable && internal.length <= longestName) return;
  complain(
    place,
    'invalid-value',
    `"${internal}" cannot be looked up: it may have ${longestName} characters, and 1 to ${longestPart} between two dots`,
    'Give it another name: internal: { host: NAME }',
  );
}
