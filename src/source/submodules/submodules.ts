import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf, StalledError, UsageError } from '../../model/errors.ts';
import { parseLocation, type RepositoryLocation } from '../location.ts';
import type { ObjectStore } from '../object-store.ts';
import type { SourceOptions, SubmoduleOptions } from '../source-options.ts';
import { openLocalSubmodule } from './local-submodule.ts';
import { openMirroredSubmodule } from './mirrored-submodule.ts';
import type { ModuleFacts } from './module-file.ts';
import { missingSubmodule, refusedSubmodule, type SubmoduleSite } from './refused-submodule.ts';
import type { ReadRepository, SubmoduleRepository } from './submodule-repository.ts';
import { admits, isSameServer, placeOf, type SubmoduleRule } from './submodule-rule.ts';
import { locateSubmodule } from './submodule-url.ts';

export interface WantedSubmodule {
  readonly around: ReadRepository;
  /** Places of the repositories that it stands in. */
  readonly places: readonly string[];
  readonly facts: ModuleFacts;
  readonly site: SubmoduleSite;
  readonly commit: string;
}

/** The submodules of a followed repository, each opened when it is first needed and kept open. */
export class Submodules implements AsyncDisposable {
  readonly #rule: SubmoduleRule;
  readonly #followed: RepositoryLocation;
  readonly #options: SourceOptions;
  readonly #others: SubmoduleOptions['others'];
  /** By place. */
  readonly #opened = new Map<string, Promise<SubmoduleRepository>>();

  constructor({ rule, others }: SubmoduleOptions, options: SourceOptions) {
    this.#rule = rule;
    this.#followed = parseLocation(options.repository);
    this.#options = options;
    this.#others = others;
  }

  /**
   * The repository at a place in a commit, with the commit that is to stand there readable.
   *
   * @throws StalledError `SubmoduleRefused`
   * @throws TransientError when it cannot be had now
   */
  async bring(
    { around, places, facts, site, commit }: WantedSubmodule,
    signal: AbortSignal,
  ): Promise<SubmoduleRepository> {
    if (/(?:^|[/\\])\.\.(?:[/\\]|$)/.test(facts.name) || facts.name === '') {
      throw refusedSubmodule(site, `its name ${JSON.stringify(facts.name)} leads elsewhere`);
    }
    const location = this.#locate(around, facts);
    if (location.kind !== 'refused' && places.includes(placeOf(location))) {
      throw refusedSubmodule(site, `${placeOf(location)} would stand in itself`);
    }
    const checkedOut = await this.#findCheckedOut(around, facts, location, commit, signal);
    if (checkedOut !== null) return checkedOut;
    if (location.kind === 'refused') throw refusedSubmodule(site, location.reason);
    this.#refuseElsewhere(site, location);
    try {
      const repository = await this.#open(placeOf(location), () =>
        location.kind === 'local'
          ? openLocalSubmodule(location.path, location)
          : openMirroredSubmodule(location, this.#optionsFor(location)),
      );
      await repository.bring(commit, signal);
      return repository;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UsageError) throw refusedSubmodule(site, messageOf(error));
      throw missingSubmodule(site, error);
    }
  }

  /** The store of a submodule that holds an object; undefined when none does that is open. */
  async holderOf(oid: string): Promise<ObjectStore | undefined> {
    for (const opened of this.#opened.values()) {
      const store = (await opened.catch(() => null))?.store;
      if ((await store?.has(oid)) === true) return store;
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = [...this.#opened.values()];
    this.#opened.clear();
    for (const each of opened) await (await each.catch(() => null))?.[Symbol.asyncDispose]();
  }

  #locate(around: ReadRepository, { url }: ModuleFacts): ReturnType<typeof locateSubmodule> {
    return url === undefined
      ? { kind: 'refused', reason: '.gitmodules says no URL for it' }
      : locateSubmodule(around.location, url);
  }

  /** Somebody fetched it here, so it is theirs to say that it may be read. */
  async #findCheckedOut(
    { gitdir }: ReadRepository,
    { name }: ModuleFacts,
    location: ReturnType<typeof locateSubmodule>,
    commit: string,
    signal: AbortSignal,
  ): Promise<SubmoduleRepository | null> {
    const path = gitdir === null ? null : join(gitdir, 'modules', name);
    if (path === null || !(await isThere(path))) return null;
    const meant: RepositoryLocation =
      location.kind === 'refused' ? { kind: 'local', path } : location;
    try {
      const repository = await this.#open(path, () => openLocalSubmodule(path, meant));
      await repository.bring(commit, signal);
      return repository;
    } catch (error) {
      if (error instanceof StalledError) return null;
      throw error;
    }
  }

  #refuseElsewhere(site: SubmoduleSite, location: RepositoryLocation): void {
    const followed = this.#followed;
    if (admits(this.#rule, followed, location)) return;
    if (location.kind === 'local' && followed.kind !== 'local') {
      throw refusedSubmodule(site, 'it names a folder of this machine');
    }
    const place = placeOf(location);
    const update =
      followed.kind === 'local' ? 'Run git submodule update --init --recursive there, or a' : 'A';
    throw refusedSubmodule(
      site,
      `the configuration does not allow ${place}`,
      `${update}dd where it begins to "submodules" of the operator's configuration, or say update = none for it in .gitmodules: then its files are not read`,
    );
  }

  #open(place: string, open: () => Promise<SubmoduleRepository>): Promise<SubmoduleRepository> {
    const known = this.#opened.get(place);
    if (known !== undefined) return known;
    const opening = open();
    this.#opened.set(place, opening);
    // What cannot be opened now may be there the next time.
    opening.catch(() => this.#opened.delete(place));
    return opening;
  }

  /** Another server sees no credentials of this one; those of the source that follows just this repository do for it. */
  #optionsFor(location: RepositoryLocation): SourceOptions {
    if (isSameServer(this.#followed, location)) return this.#options;
    const { tokenFile: _token, username: _username, http = {}, ssh, ...rest } = this.#options;
    const { caFile, proxy } = http;
    const { knownHostsFile } = ssh ?? {};
    const other = this.#others.find(
      ({ repository }) => placeOf(parseLocation(repository)) === placeOf(location),
    );
    return { ...rest, http: { caFile, proxy }, ssh: { knownHostsFile }, ...other };
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
