import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A folder below the system's temporary one that is removed at the end of its scope. */
export interface ScratchFolder extends AsyncDisposable {
  readonly path: string;
}

export async function scratchFolder(): Promise<ScratchFolder> {
  const path = await mkdtemp(join(tmpdir(), 'fleetwright-test-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** The content of a file, or where a symbolic link points. */
export type FileContent = string | { readonly link: string };

/** A real repository made by native Git, with fixed names and dates, so that ids are the same in every run. */
export interface GitRepository {
  readonly path: string;
  git(...args: readonly string[]): Promise<string>;
  /** Writes the files, commits all that is there, and gives the id of the commit. */
  commit(files: Readonly<Record<string, FileContent>>, message?: string): Promise<string>;
}

/** Makes an empty repository at `path` with the branch `main`. */
export async function createRepository(path: string): Promise<GitRepository> {
  let seconds = 1_700_000_000;
  await mkdir(path, { recursive: true });
  const git = (...args: readonly string[]): Promise<string> => runGit(path, args, { seconds });
  await git('init', '-q', '-b', 'main');
  return {
    path,
    git,
    async commit(files, message = 'change') {
      seconds += 60;
      for (const [name, content] of Object.entries(files)) {
        await write(join(path, name), content);
      }
      await git('add', '-A');
      await git('commit', '-q', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD');
    },
  };
}

/** Runs native Git in a folder and gives what it printed, without the last line break. */
export async function runGit(
  cwd: string,
  args: readonly string[],
  { seconds = 1_700_000_000, input = '' }: { seconds?: number; input?: string } = {},
): Promise<string> {
  const date = `${seconds} +0000`;
  const running = run('git', [...args], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.com',
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.com',
      GIT_COMMITTER_DATE: date,
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  // Most commands end without reading it.
  running.child.stdin?.on('error', () => {});
  running.child.stdin?.end(input);
  const { stdout } = await running;
  return stdout.trimEnd();
}

async function write(file: string, content: FileContent): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  if (typeof content === 'string') await writeFile(file, content);
  else await symlink(content.link, file);
}
