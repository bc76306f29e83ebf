/**
 * Branded identifiers. They are plain strings at run time; the brand only keeps a commit from being passed where a
 * host name is wanted. Values enter through the `toX` function of their kind, at the edge where they are first read.
 */
declare const brand: unique symbol;
type Branded<Kind extends string> = string & { readonly [brand]: Kind };

/** A full Git commit id: 40 lower-case hexadecimal digits. */
export type CommitSha = Branded<'CommitSha'>;
/** The name of a host as `fleet.yaml` gives it. */
export type HostName = Branded<'HostName'>;
/** A full container id: 64 lower-case hexadecimal digits, never the short form. */
export type ContainerId = Branded<'ContainerId'>;
/** The hash of a resolved container (see hash.ts). */
export type SpecHash = Branded<'SpecHash'>;

export function toCommitSha(value: string): CommitSha {
  if (!/^[0-9a-f]{40}$/.test(value)) throw new TypeError(`Cannot read "${value}" as a commit id`);
  return value as CommitSha;
}

export function toHostName(value: string): HostName {
  return value as HostName;
}

export function toContainerId(value: string): ContainerId {
  return value as ContainerId;
}

export function toSpecHash(value: string): SpecHash {
  return value as SpecHash;
}
