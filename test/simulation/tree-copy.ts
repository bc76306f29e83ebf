import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import type { Mutation } from './mutations.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const copied = ['src', 'test/simulation', 'package.json', 'tsconfig.json'];

/** A private copy of the sources as they are now, removed when it is disposed or the process ends, also by Ctrl-C. */
export class TreeCopy implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'fleetwright-mutations-'));

  constructor() {
    process.once('exit', this.#remove);
    // Not once: a second signal in the middle of the removal would cut it short.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => process.exit(130));
    }
    for (const path of copied) {
      cpSync(join(root, path), join(this.#folder, path), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
  }

  /** The program that simulates seeds in the copy. */
  get worker(): URL {
    return pathToFileURL(join(this.#folder, 'test/simulation/worker.ts'));
  }

  /** What keeps a mutation from being made; null when nothing does. */
  whyNotApplicable({ name, file, text }: Mutation): string | null {
    const places = this.#read(file).split(text).length - 1;
    if (places === 1) return null;
    const found = places === 0 ? 'is no longer there' : `is there ${places} times`;
    return `mutations.ts, "${name}": its text ${found} in ${file}: bring it up to date:\n${text}`;
  }

  /** Makes a mutation for as long as the work lasts. */
  async withMutation<Result>(
    { file, text, becomes }: Mutation,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const original = this.#read(file);
    writeFileSync(
      join(this.#folder, file),
      original.replace(text, () => becomes),
    );
    try {
      return await work();
    } finally {
      writeFileSync(join(this.#folder, file), original);
    }
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#remove);
    this.#remove();
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8');
  }

  readonly #remove = (): void => rmSync(this.#folder, { recursive: true, force: true });
}
