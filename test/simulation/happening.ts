import type { HostMark, RepositoryModel } from './manifest-files.ts';

/** Something that happens to the operator or to the world around it. */
export type Happening =
  | { readonly kind: 'commit'; readonly subject: string; readonly model: RepositoryModel }
  | { readonly kind: 'operator-killed'; readonly downMs: number; readonly losesJournal: boolean }
  | {
      /** It is killed right after this many more durable effects. */
      readonly kind: 'operator-killed-after';
      readonly effects: number;
      readonly downMs: number;
      readonly losesJournal: boolean;
      /** The host that it dealt with last loses its power at the same moment, and gets it back after `downMs`. */
      readonly takesHost?: boolean;
    }
  | { readonly kind: 'operator-stopped'; readonly downMs: number }
  | { readonly kind: 'operator-frozen'; readonly ms: number }
  | { readonly kind: 'git-away'; readonly ms: number }
  | { readonly kind: 'storm'; readonly host: string; readonly ms: number; readonly force: number }
  | { readonly kind: 'partition'; readonly hosts: readonly string[]; readonly ms: number }
  | { readonly kind: 'daemon-killed'; readonly host: string; readonly downMs: number }
  | { readonly kind: 'power-cycle'; readonly host: string; readonly downMs: number }
  /** Somebody commits that a host is to be drained, or cordoned, or used again. */
  | { readonly kind: 'host-marked'; readonly host: string; readonly mark: HostMark | null }
  /** Somebody says that a host is down, or may be used again. */
  | { readonly kind: 'host-fenced'; readonly host: string; readonly isFenced: boolean }
  | { readonly kind: 'disk-full'; readonly host: string; readonly ms: number }
  | { readonly kind: 'registry-away'; readonly hosts: readonly string[]; readonly ms: number }
  /** Somebody pushes another image under the same tag, which works as well. */
  | { readonly kind: 'tag-moves'; readonly image: string; readonly times: number }
  | {
      /** Somebody takes a container in hand. */
      readonly kind: 'person';
      readonly act: PersonAct;
      /** Which of the containers, modulo their number. */
      readonly which: number;
    }
  | {
      /** A proxy takes no commands for so long, or answers late, or crashes. */
      readonly kind: 'proxy-trouble';
      readonly trouble: 'silent' | 'late' | 'crash';
      /** Which of the proxies, modulo their number. */
      readonly which: number;
      readonly ms: number;
    }
  | { readonly kind: 'crash'; readonly which: number; readonly isMemory: boolean }
  | {
      readonly kind: 'port-taken';
      readonly host: string;
      readonly port: number;
      readonly ms: number;
    };

export type PersonAct =
  | 'stop'
  | 'kill'
  | 'remove'
  | 'pause'
  | 'start'
  | 'rename'
  | 'disconnect'
  | 'restart-policy';

export interface Scheduled {
  /** Milliseconds from the start of the run. */
  readonly atMs: number;
  readonly what: Happening;
}
