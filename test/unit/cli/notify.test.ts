import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import type { Notify } from '../../../src/generated/notify.ts';
import { validateNotify } from '../../../src/generated/validators.js';
import { fleetwrightSource } from '../../support/command-line.ts';
import { scratchFolder } from '../../support/git-repository.ts';
import { startRecorder } from '../../support/recorder.ts';

it('notify --test sends one notice to the receiver that is named, and says what became of it', async () => {
  await using scratch = await scratchFolder();
  await using recorder = await startRecorder();
  await mkdir(join(scratch.path, 'repository'));
  const urlFile = join(scratch.path, 'url');
  await writeFile(urlFile, `${recorder.url}/services/planted-path\n`, { mode: 0o600 });
  const config = join(scratch.path, 'fleetwright.yaml');
  await writeFile(
    config,
    JSON.stringify({
      repository: join(scratch.path, 'repository'),
      state: join(scratch.path, 'state'),
      notifications: [{ name: 'ops', type: 'slack', urlFile }],
    }),
  );
  const test = (name: string): ReturnType<typeof fleetwrightSource> =>
    fleetwrightSource('notify', `--config=${config}`, '--test', name, '--output=json');

  const taken = await test('ops');
  recorder.mood = { status: 404 };
  const refused = await test('ops');
  const unknown = await test('nobody');

  expect([taken.code, refused.code, unknown.code], taken.stderr).toEqual([0, 3, 2]);
  expect(recorder.requests.map(({ path }) => path)).toEqual(
    Array(2).fill('/services/planted-path'),
  );
  expect(JSON.parse(recorder.requests[0]?.body ?? '')).toEqual({
    text: expect.stringMatching(/^:information_source: this is a test/) as string,
  });
  const documents = [taken, refused].map(({ stdout }) => JSON.parse(stdout) as Notify);
  expect(documents.every((document) => validateNotify(document))).toBe(true);
  expect(documents).toMatchObject([
    { receiver: 'ops', delivered: true, reason: '' },
    { delivered: false, reason: expect.stringMatching(/answers HTTP 404$/) as string },
  ]);
  expect(unknown.stderr).toContain('the configuration has ops under notifications');
  expect(JSON.stringify([taken, refused, unknown])).not.toContain('planted');
});
