import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import type { FollowedRef } from '../model/followed-ref.ts';
import type { GithubAppOptions } from './github-app.ts';
import type { TlsOptions } from './http-route.ts';
import type { ProxyOptions } from './proxy.ts';
import type { SigningOptions } from './sign-commit.ts';
import type { SubmoduleRule } from './submodules/submodule-rule.ts';
import type { SshIdentityOptions } from '../ssh/identity.ts';

/** What a repository over SSH needs. All files are read at each use. */
export interface SshOptions extends SshIdentityOptions {
  /** Whose keys to trust; there is no SSH without it. */
  readonly knownHostsFile?: string | undefined;
}

/** What a repository over HTTP may need beside a token. All files are read at each use. */
export interface HttpOptions extends TlsOptions {
  /** How the token is sent: as the password that goes with the user name, which is the default, or by itself. */
  readonly tokenScheme?: 'basic' | 'bearer' | undefined;
  /** In place of a token. */
  readonly githubApp?: GithubAppOptions | undefined;
  readonly proxy?: ProxyOptions | undefined;
}

/** Which submodules are followed with a repository. */
export interface SubmoduleOptions {
  readonly rule: SubmoduleRule;
  /** Other sources: a submodule that one of them follows is read with its credentials. */
  readonly others: readonly Pick<
    SourceOptions,
    'repository' | 'tokenFile' | 'username' | 'http' | 'ssh'
  >[];
}

/** What is followed, and how patiently. */
export interface SourceOptions {
  /** A path, a `file://` URL, an `http(s)://` or `ssh://` URL without password, or `user@host:path`. */
  readonly repository: string;
  readonly ref: FollowedRef;
  /** Followed folder from the root of the repository; `''` is the root. */
  readonly path: string;
  /** Where mirrors are kept, below `git/`; not used for a path. */
  readonly stateDir: string;
  /** Holds the token for HTTP; read at each use, so that it may be replaced at any time. */
  readonly tokenFile?: string | undefined;
  /** The user name that goes with the token; GitHub, GitLab and Gitea take any. */
  readonly username?: string | undefined;
  readonly http?: HttpOptions | undefined;
  readonly ssh?: SshOptions | undefined;
  /** None are followed when left out. */
  readonly submodules?: SubmoduleOptions | undefined;
  /** Commits that are made here are signed with it. */
  readonly signing?: SigningOptions | undefined;
  readonly pollIntervalMs: number;
  /** A server that sends nothing for this long is given up. 30 s when left out. */
  readonly idleTimeoutMs?: number | undefined;
  /** For one request from its start to its last byte. 10 minutes when left out. */
  readonly totalTimeoutMs?: number | undefined;
  /** The largest answer that is taken. 512 MiB when left out. */
  readonly maxAnswerBytes?: number | undefined;
  /** Each fetch adds a pack to the mirror, and every read looks through all: from this many on they are joined. 50 when left out. */
  readonly maxPacks?: number | undefined;
  /** What the mirror may hold beyond twice what it held when it was new, before it is made anew. 64 MiB when left out. */
  readonly spareBytes?: number | undefined;
  readonly logger: Logger;
  /** Times the polls. */
  readonly clock: Clock;
  /** Spreads the polls; between 0 and 1. */
  readonly random?: (() => number) | undefined;
}
