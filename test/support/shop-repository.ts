import { join } from 'node:path';

import { pino } from 'pino';

import { loadTree } from '../../src/reconcile/load-revision.ts';
import type { ApplicationSpec } from '../../src/model/application.ts';
import type { DesiredState } from '../../src/model/desired.ts';
import { toCommitSha } from '../../src/model/names.ts';
import type { SourceOptions } from '../../src/source/source-options.ts';
import type { Source } from '../../src/source/source.ts';
import type { GitRepository } from './git-repository.ts';
import { createRepository, runGit, scratchFolder } from './git-repository.ts';
import { never, openTestSource } from './open-test-source.ts';

const fleetFile = `name: test
hosts: [{ name: host-1, endpoint: unix:///run/docker.sock }]
rollback: { writeBack: commit }
`;

/** The manifest of `shop`, whose services read an env file too. */
export function shopManifest(image: string): string {
  return `services: { web: { image: "${image}", env_file: [web.env] } }\n`;
}

/** A bare repository of manifests, and the folder of the person who pushes to it. */
export class ShopRepository implements AsyncDisposable {
  readonly bare: string;
  readonly state: string;
  readonly #work: GitRepository;
  readonly #scratch: AsyncDisposable;

  private constructor(root: string, work: GitRepository, scratch: AsyncDisposable) {
    this.bare = join(root, 'fleet.git');
    this.state = join(root, 'state');
    this.#work = work;
    this.#scratch = scratch;
  }

  static async create(): Promise<ShopRepository> {
    const scratch = await scratchFolder();
    const work = await createRepository(join(scratch.path, 'work'));
    const repository = new ShopRepository(scratch.path, work, scratch);
    await runGit(scratch.path, ['init', '-q', '--bare', '-b', 'main', repository.bare]);
    await repository.push({ 'fleet.yaml': fleetFile }, 'fleet');
    return repository;
  }

  /** Commits on top of the branch and pushes, as a person does. */
  async push(files: Readonly<Record<string, string>>, message = 'change'): Promise<string> {
    const head = await this.git('rev-parse', '-q', '--verify', 'main').catch(() => '');
    if (head !== '') {
      await this.#work.git('fetch', '-q', this.bare, 'main');
      await this.#work.git('reset', '-q', '--hard', 'FETCH_HEAD');
    }
    const commit = await this.#work.commit(files, message);
    await this.#work.git('push', '-q', this.bare, 'main');
    return commit;
  }

  async remove(path: string, message = 'remove'): Promise<string> {
    await this.#work.git('rm', '-rq', path);
    return this.push({}, message);
  }

  /** Runs native Git in the bare repository. */
  git(...args: readonly string[]): Promise<string> {
    return runGit(this.bare, args);
  }

  open(facts: Partial<SourceOptions> = {}): Promise<Source> {
    return openTestSource({ repository: this.bare, ...facts });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch[Symbol.asyncDispose]();
  }
}

/** What a commit asks for; it must be valid. */
export async function desiredAt(source: Source, commit: string): Promise<DesiredState> {
  const revision = await source.resolve(commit, never);
  const tree = await source.tree(toCommitSha(commit), never);
  const { fleet, applications } = await loadTree(
    source,
    tree,
    { path: '', key: Buffer.of(), cache: new Map() },
    never,
  );
  if (fleet === null) throw new Error(`commit ${commit} is not valid`);
  return { revision, fleet, applications };
}

export async function applicationAt(
  source: Source,
  commit: string,
  application = 'shop',
): Promise<ApplicationSpec> {
  const { applications } = await desiredAt(source, commit);
  const found = applications.find(({ name }) => name === application);
  if (found === undefined) throw new Error(`commit ${commit} has no application ${application}`);
  return found;
}

export const noLogger = pino({ level: 'silent' });
