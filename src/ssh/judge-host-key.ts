import { StalledError } from '../model/errors.ts';
import type { HostKey } from './host-key.ts';
import { fingerprint, isSameKey } from './host-key.ts';
import type { KnownKeys } from './known-hosts.ts';

/** Where a server was looked for, for messages. */
export interface Lookup {
  /** The server as in known_hosts. */
  readonly name: string;
  readonly file: string;
}

/** The error for a server whose key does not prove that it is the one that is known; undefined when it does. */
export function judgeHostKey(
  known: KnownKeys,
  shown: HostKey,
  { name, file }: Lookup,
): StalledError | undefined {
  const seen = `${shown.type} key ${fingerprint(shown)}`;
  if (known.revoked.some((key) => isSameKey(key, shown))) {
    return new StalledError(
      'HostKeyChanged',
      `Refusing to speak to ${name}: it shows the ${seen}, which "${file}" says is revoked. Somebody may be posing as this server. Ask the people who run it for its key of today`,
    );
  }
  if (known.keys.some((key) => isSameKey(key, shown))) return undefined;
  if (known.keys.length > 0) {
    const expected = known.keys.map((key) => `${key.type} ${fingerprint(key)}`).join(', ');
    return new StalledError(
      'HostKeyChanged',
      `Refusing to speak to ${name}: THE KEY OF THE HOST HAS CHANGED. It shows the ${seen}, and "${file}" has ${expected}. Somebody may be posing as this server, or it was given a new key: ask the people who run it, and replace its line only when they name the same fingerprint`,
    );
  }
  const passedOver = known.skipped.length === 0 ? '' : ` (${known.skipped.join('; ')})`;
  return new StalledError(
    'HostKeyUnknown',
    `Refusing to speak to ${name}: "${file}" has no key of it${passedOver}. It shows the ${seen}. Compare that with the fingerprint that the people who run it publish, and add this line only when it is the same: ${name} ${shown.type} ${shown.blob.toString('base64')}`,
  );
}

/** The error for a server that has keys, but none of a type that is known of it. */
export function noKnownType(known: KnownKeys, { name, file }: Lookup): StalledError {
  const types = [...new Set(known.keys.map(({ type }) => type))].join(', ');
  return new StalledError(
    'HostKeyChanged',
    `Refusing to speak to ${name}: "${file}" has only keys of the type ${types}, and none of these is offered there or safe enough. Ask the people who run it for its key of today, and add that`,
  );
}
