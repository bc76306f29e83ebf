import {
  atKey,
  child,
  complain,
  items,
  isPresent,
  members,
  readBoolean,
  readText,
  type Cursor,
} from '../cursor.ts';
import { attachedNetworks } from '../resolve/attachment.ts';
import type { Subject } from '../subject.ts';
import { didYouMean } from '../suggest.ts';
import type { Rule } from './rule.ts';

type Declared = 'networks' | 'volumes' | 'configs' | 'secrets';

/** What a service refers to is declared: networks, volumes, configs, secrets and other services. */
export const referencesAreDeclared: Rule = (subject) => {
  for (const [name, service] of subject.services) {
    for (const [key, place] of attachedNetworks(service)) {
      if (key !== 'default') requireDeclared(subject, 'networks', name, key, atKey(place));
    }
    for (const mount of items(child(service, 'volumes'))) {
      const source = child(mount, 'source');
      const key = readText(child(mount, 'type')) === 'volume' ? readText(source) : null;
      if (key !== null && key !== '') requireDeclared(subject, 'volumes', name, key, source);
    }
    for (const kind of ['configs', 'secrets'] as const) {
      for (const reference of items(child(service, kind))) {
        const source = child(reference, 'source');
        const key = readText(source);
        if (key !== null) requireDeclared(subject, kind, name, key, source);
      }
    }
    for (const [key, place] of members(child(service, 'depends_on'))) {
      requireService(subject, name, key, atKey(place));
    }
  }
};

function requireDeclared(
  subject: Subject,
  kind: Declared,
  service: string,
  key: string,
  place: Cursor,
): void {
  const declared = child(subject.root, kind);
  if (isPresent(child(declared, key))) return;
  const noun = kind.slice(0, -1);
  const known = members(declared).map(([each]) => each);
  complain(
    place,
    `undefined-${noun}`,
    `service "${service}" refers to the undefined ${noun} "${key}"${didYouMean(key, known)}`,
    `Declare it under the top-level ${kind}:`,
  );
}

function requireService(subject: Subject, service: string, key: string, place: Cursor): void {
  if (subject.services.has(key) || readBoolean(child(place, 'required')) === false) return;
  const inactive = subject.inactive.has(key);
  const reason = inactive
    ? 'is left out, since none of its profiles is active'
    : `is not defined${didYouMean(key, subject.services.keys())}`;
  complain(
    place,
    inactive ? 'inactive-service' : 'undefined-service',
    `service "${service}" depends on service "${key}", which ${reason}`,
    inactive ? 'Remove its profiles, set COMPOSE_PROFILES in .env, or set required: false' : '',
  );
}
