import * as fs from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { add, commit, init } from 'isomorphic-git';

const author = { name: 'Demo', email: 'demo@example.com' };

/** A Git repository with a working tree, as a person would have it. */
export class DemoRepository {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(dir: string, template: string): Promise<DemoRepository> {
    await cp(template, dir, { recursive: true });
    await init({ fs, dir, defaultBranch: 'main' });
    return new DemoRepository(dir);
  }

  /** Changes a file by a text replacement, as an editor would. */
  async edit(file: string, from: string, to: string): Promise<void> {
    const path = join(this.dir, file);
    const text = await readFile(path, 'utf8');
    if (!text.includes(from)) throw new Error(`Cannot edit "${file}": it does not hold "${from}"`);
    await writeFile(path, text.replaceAll(from, to));
  }

  /** Commits everything that changed. */
  async commit(message: string): Promise<string> {
    const { dir } = this;
    await add({ fs, dir, filepath: '.' });
    return commit({ fs, dir, message, author });
  }
}
