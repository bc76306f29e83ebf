import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { stringify } from 'yaml';

import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';

const execute = promisify(execFile);

/** A configuration repository in a temporary folder, written by native Git as a person would. */
export class ConfigRepository implements AsyncDisposable {
  readonly dir: string;
  /** The fleet's name: a label on everything that a test makes. */
  readonly fleet: string;
  readonly #root: string;

  private constructor(root: string, fleet: string) {
    this.#root = root;
    this.dir = join(root, 'config');
    this.fleet = fleet;
  }

  static async create(fleet: string, hosts: readonly HostDescription[]): Promise<ConfigRepository> {
    const root = await mkdtemp(join(tmpdir(), 'fleetwright-config-'));
    const repository = new ConfigRepository(root, fleet);
    await mkdir(repository.dir);
    await repository.git('init', '--quiet', '--initial-branch=main');
    await repository.write('fleet.yaml', fleetFile(fleet, hosts));
    return repository;
  }

  /** A folder beside the repository that goes with it, such as for the state. */
  beside(name: string): string {
    return join(this.#root, name);
  }

  async write(file: string, content: string | object): Promise<void> {
    const path = join(this.dir, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : stringify(content));
  }

  /** Commits everything, and gives the id of the commit. */
  async commit(message: string): Promise<string> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', `--message=${message}`);
    return this.git('rev-parse', 'HEAD');
  }

  async git(...args: readonly string[]): Promise<string> {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
    const { stdout } = await execute('git', ['-C', this.dir, ...identity, ...args]);
    return stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}

function fleetFile(name: string, hosts: readonly HostDescription[]): object {
  return {
    name,
    hosts: hosts.map(({ name: host, endpoint, address }, index) => ({
      name: host,
      endpoint,
      address,
      labels: { zone: String.fromCodePoint(97 + index) },
    })),
  };
}
