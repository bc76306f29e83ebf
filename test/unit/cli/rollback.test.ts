import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { exitCodeOf } from '../../../src/cli/exit-code.ts';
import type { Output } from '../../../src/cli/output.ts';
import type { RollbackFlags } from '../../../src/cli/rollback.ts';
import { rollback } from '../../../src/cli/rollback.ts';
import type { SettingsFlags } from '../../../src/cli/settings.ts';
import { readSettings } from '../../../src/cli/settings.ts';
import type { Rollback } from '../../../src/generated/rollback.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import { messageOf } from '../../../src/model/errors.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { toCommitSha } from '../../../src/model/names.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { aQuarantine } from '../../support/builders.ts';
import { never } from '../../support/open-test-source.ts';
import {
  applicationAt,
  noLogger,
  ShopRepository,
  shopManifest,
} from '../../support/shop-repository.ts';
import rollbackSchema from '../../../schemas/rollback.schema.json' with { type: 'json' };

let repository: ShopRepository;

beforeEach(async () => {
  repository = await ShopRepository.create();
});

afterEach(() => repository[Symbol.asyncDispose]());

interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  flags: RollbackFlags = {},
  format: 'json' | 'text' = 'text',
  application = 'shop',
  following: SettingsFlags = {},
): Promise<Printed> {
  const printed = { stdout: '', stderr: '' };
  const say = (text: string): void => {
    printed.stderr += `${text}\n`;
  };
  const output: Output = {
    format,
    quiet: false,
    verbose: false,
    style: plainStyle,
    noteStyle: plainStyle,
    data: (text) => {
      printed.stdout += `${text}\n`;
    },
    note: say,
    error: say,
  };
  const { bare, state } = repository;
  const settings = readSettings({ repository: bare, state, ...following }, {});
  try {
    const code = await rollback(application, settings, flags, output, noLogger, never);
    return { ...printed, code };
  } catch (error) {
    return { ...printed, code: exitCodeOf(error), stderr: messageOf(error) };
  }
}

async function runJson(flags: RollbackFlags = {}): Promise<Rollback> {
  const { stdout, stderr } = await run(flags, 'json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Rollback;
}

/** A version of `shop` with its env file. */
function shop(image: string, environment = ''): Promise<string> {
  return repository.push(
    { 'shop/compose.yaml': shopManifest(image), 'shop/web.env': environment },
    image,
  );
}

function remember(...entries: readonly JournalEntry[]): void {
  using journal = openJournal(repository.state, noLogger);
  journal.write(entries, 0);
}

async function acceptHead(): Promise<void> {
  await using source = await repository.open();
  using journal = openJournal(repository.state, noLogger);
  journal.accept(await source.head(never), ['shop']);
}

async function rememberGood(commit: string): Promise<void> {
  await using source = await repository.open();
  const spec = await applicationAt(source, commit);
  const good = { application: 'shop', spec, commit: toCommitSha(commit), at: 0 };
  remember({ kind: 'succeeded', ...good });
}

async function rememberFailed(commit: string): Promise<void> {
  await using source = await repository.open();
  const [service] = (await applicationAt(source, commit)).services;
  if (service === undefined) throw new Error('no service');
  const quarantine = aQuarantine(service, { commit: toCommitSha(commit) });
  remember({ kind: 'quarantined', application: 'shop', quarantine, container: null });
}

const changed = (from: string, to = 'main'): Promise<string> =>
  repository.git('diff', '--name-only', from, to);

describe('fleetwright rollback', () => {
  it('commits the version before, all its files, and nothing else', async () => {
    const v1 = await shop('app:1', 'A=1');
    const v2 = await shop('app:2', 'A=2');
    const head = await repository.push({
      'blog/compose.yaml': shopManifest('blog').replace(', env_file: [web.env]', ''),
    });

    const result = await run({ author: 'Ada <ada@example.com>', message: 'Orders fail.' });

    expect(result, result.stderr).toMatchObject({ code: 0, stderr: '' });
    const commit = await repository.git('rev-parse', 'main');
    expect(result.stdout).toContain(`shop goes back to ${v1.slice(0, 12)} "app:1"`);
    expect(result.stdout).toContain(`it takes back ${v2.slice(0, 12)} "app:2"`);
    expect(result.stdout).toContain(`Committed ${commit.slice(0, 12)} and pushed it to main of`);
    expect(await repository.git('rev-parse', 'main^')).toBe(head);
    expect(await changed(head)).toBe('shop/compose.yaml\nshop/web.env');
    expect(await changed(v1)).toBe('blog/compose.yaml');
    const message = await repository.git('log', '-1', '--format=%an <%ae>%n%B', 'main');
    expect(message).toMatch(/^Ada <ada@example.com>\nRevert shop to /);
    expect(message).toContain('\n\nOrders fail.\n\n');
    expect(message).toContain('"fleetwright rollback shop"');
    expect(message).toContain(`Fleetwright-Rollback: shop\nFleetwright-Reverts: ${v2}`);
  });

  it.each([
    { following: { tag: 'v1' }, said: 'tag "v1"', next: 'then move the tag' },
    {
      following: { semver: '1.x' },
      said: 'the highest version in "1.x"',
      next: 'push a higher tag',
    },
    { following: { commit: 'a'.repeat(40) }, said: 'commit aaaa', next: 'then configure its id' },
  ])('refuses where no branch is followed, but $said', async ({ following, said, next }) => {
    await shop('app:1');
    const v2 = await shop('app:2');

    for (const dryRun of [true, false]) {
      const { code, stderr } = await run({ dryRun }, 'text', 'shop', following);
      expect(code).toBe(2);
      expect(stderr).toContain(`Cannot roll shop back: ${said}`);
      expect(stderr).toContain('only a branch takes commits. Make the commit on a branch by hand');
      expect(stderr).toContain(next);
    }
    expect(await repository.git('rev-parse', 'main')).toBe(v2);
  });

  it('prints a document by its schema', async () => {
    const v1 = await shop('app:1');
    const v2 = await shop('app:2');

    const document = await runJson();

    expect(document).toEqual({
      version: 1,
      application: 'shop',
      from: v2,
      to: v1,
      commit: await repository.git('rev-parse', 'main'),
      files: ['shop/compose.yaml'],
      pushed: true,
    });
    const ajv = new Ajv2020();
    expect(ajv.validate(rollbackSchema, document), ajv.errorsText()).toBe(true);
  });

  it('goes to last-known-good when the head has something else, and says what failed', async () => {
    const good = await shop('app:1');
    await shop('app:2');
    const bad = await shop('app:3');
    await rememberGood(good);
    await rememberFailed(bad);

    expect(await runJson()).toMatchObject({ from: bad, to: good });
    expect(await repository.git('log', '-1', '--format=%b', 'main')).toContain(
      `web failed in ${bad.slice(0, 10)}: Exited: it exited with code 1`,
    );
  });

  it('passes over versions that failed or are not valid when the head is good', async () => {
    const oldest = await shop('app:1');
    await repository.push({ 'shop/compose.yaml': 'services: 7\n' });
    const bad = await shop('app:2');
    const good = await shop('app:3');
    await rememberFailed(bad);
    await rememberGood(good);

    expect(await runJson()).toMatchObject({ from: good, to: oldest });
  });

  it('mends a head that is not valid', async () => {
    const good = await shop('app:1');
    await repository.push({
      'shop/compose.yaml': 'services: { web: { imge: x } }\n',
      'shop/compose.override.yaml': 'services: 7\n',
    });
    await rememberGood(good);

    const { files } = await runJson();

    expect(files).toEqual(['shop/compose.override.yaml', 'shop/compose.yaml']);
    expect(await changed(good)).toBe('');
  });

  it('goes to the commit that is named, also to bring a deleted application back', async () => {
    await shop('app:1');
    const wanted = await shop('app:2');
    await shop('app:3');
    expect(await runJson({ to: wanted.slice(0, 9) })).toMatchObject({ to: wanted });
    expect(await changed(wanted)).toBe('');

    await repository.remove('shop');
    expect(await runJson({ to: wanted })).toMatchObject({ to: wanted });
    expect(await changed(wanted)).toBe('');
  });

  it('has nothing to do when the head has that version, and makes no commit', async () => {
    const head = await shop('app:1');

    const text = await run({ to: head });

    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^Nothing to roll back: /);
    expect(await runJson({ to: head })).toMatchObject({ commit: null, files: [], pushed: false });
    expect(await repository.git('rev-parse', 'main')).toBe(head);
  });

  it('shows what it would commit on a dry run', async () => {
    await shop('app:1');
    const head = await shop('app:2');

    const text = await run({ dryRun: true });

    expect(text.code).toBe(0);
    expect(text.stdout).toContain('shop would go back to');
    expect(text.stdout).toContain('  | Revert shop to ');
    expect(await runJson({ dryRun: true })).toMatchObject({
      commit: null,
      files: ['shop/compose.yaml'],
      pushed: false,
    });
    expect(await repository.git('rev-parse', 'main')).toBe(head);
  });

  it.each([{ dryRun: false }, { dryRun: true }])(
    'commits nothing that is not valid as a whole ($dryRun)',
    async ({ dryRun }) => {
      await shop('app:1');
      await shop('app:2');
      const head = await repository.push({ 'blog/compose.yaml': 'services: { web: {} }\n' });

      const result = await run({ dryRun });

      expect(result.code).toBe(1);
      expect(result.stderr).toContain('blog/compose.yaml:1:');
      expect(result.stderr).toContain('the manifests would not be valid then');
      expect(await repository.git('rev-parse', 'main')).toBe(head);
    },
  );

  it('says which other application reads a file that would have to change', async () => {
    const shared = 'services: { web: { image: blog, env_file: [../shop/web.env] } }\n';
    await repository.push({ 'blog/compose.yaml': shared, 'shop/web.env': '' });
    await shop('app:1', 'A=1');
    await shop('app:2', 'A=2');

    const { code, stderr } = await run();

    expect(code).toBe(1);
    expect(stderr).toContain('"shop/web.env" has changed since and is also read by blog');
  });

  it.each([
    {
      name: 'an unknown application',
      application: 'shops',
      flags: {},
      says: 'Did you mean "shop"?',
    },
    {
      name: 'an unknown commit',
      application: 'shop',
      flags: { to: 'abcdef123' },
      says: 'Cannot find revision',
    },
    {
      name: 'a wrong author',
      application: 'shop',
      flags: { author: 'Ada' },
      says: 'Cannot use --author',
    },
  ])('refuses $name with exit 2', async ({ application, flags, says }) => {
    await shop('app:1');

    const { code, stderr } = await run(flags, 'text', application);

    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  it('says that its commit does not approve its plan when a host cannot be observed', async () => {
    const fleet =
      'name: test\nhosts: [{ name: host-1, endpoint: unix:///nonexistent/docker.sock }]\n';
    await repository.push({ 'fleet.yaml': fleet });
    await shop('app:1');
    await shop('app:2');
    await acceptHead();

    const result = await run({}, 'text', 'shop', { planRequireApproved: 'true' });

    expect(result.code).toBe(0);
    expect(result.stderr).toContain('does not approve its plan, which is not known');
    expect(await repository.git('log', '-1', '--format=%B', 'main')).not.toContain(
      'Fleetwright-Plan',
    );
  });

  it('does not approve what stands below it and is not in force', async () => {
    await shop('app:1');
    await acceptHead();
    const head = await shop('app:2');

    const result = await run({}, 'text', 'shop', { planRequireApproved: 'true' });

    expect(result.code).toBe(0);
    expect(result.stderr).toContain(`since ${head.slice(0, 12)}, which it stands on, is not in`);
    expect(await repository.git('log', '-1', '--format=%B', 'main')).not.toContain(
      'Fleetwright-Plan',
    );
  });

  it('says that there is no earlier version', async () => {
    await shop('app:1');

    const { code, stderr } = await run();

    expect(code).toBe(1);
    expect(stderr).toContain('holds no earlier version');
  });
});
