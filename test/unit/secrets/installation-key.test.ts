import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { emptyJournal, type JournalState } from '../../../src/model/journal-state.ts';
import { seal } from '../../../src/model/sealed.ts';
import { openInstallationKey, readInstallationKey } from '../../../src/secrets/installation-key.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleetwright-key-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A journal whose last-known-good holds a secret that was sealed with a key. */
function journalWith(key: Uint8Array): JournalState {
  const content = seal(key, Buffer.from('planted'));
  const file = { target: '/run/secrets/a', content, mode: 0o444, uid: 0, gid: 0, sealed: true };
  const spec = { services: [{ container: { files: [file] } }] };
  const record = { lastKnownGood: { spec } };
  return { ...emptyJournal, applications: new Map([['shop', record]]) } as unknown as JournalState;
}

it('makes a key that only the owner can read, and finds it again', () => {
  const key = openInstallationKey(folder, emptyJournal);

  expect(statSync(join(folder, 'secrets.key')).mode & 0o777).toBe(0o600);
  expect(openInstallationKey(folder, journalWith(key))).toEqual(key);
  expect(readInstallationKey(folder)).toEqual(key);
});

it('makes none for a command that only looks', () => {
  expect(readInstallationKey(folder)).toHaveLength(32);
  expect(() => statSync(join(folder, 'secrets.key'))).toThrow('ENOENT');
});

it('takes one that was never written for none, as long as nothing was sealed with it', () => {
  const file = join(folder, 'secrets.key');
  writeFileSync(file, '');

  expect(readInstallationKey(folder)).toHaveLength(32);
  expect(() => openInstallationKey(folder, journalWith(Buffer.alloc(32, 1)))).toThrow(/is gone/);
  const key = openInstallationKey(folder, emptyJournal);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readInstallationKey(folder)).toEqual(key);
});

it('refuses to go on without the key of the secrets in the journal', () => {
  const journal = journalWith(Buffer.alloc(32, 1));

  expect(() => openInstallationKey(folder, journal)).toThrow(
    /secrets\.key".* is gone\. Put it back/,
  );
  openInstallationKey(folder, emptyJournal);
  expect(() => openInstallationKey(folder, journal)).toThrow(/is another one\. Put it back/);
});

it('refuses a key that is damaged, and does not say what it holds', () => {
  const file = join(folder, 'secrets.key');
  writeFileSync(file, 'abc');
  chmodSync(file, 0o600);

  expect(() => openInstallationKey(folder, emptyJournal)).toThrow(
    `Cannot read the key "${file}": it does not hold 64 hexadecimal digits. Put it back from a backup of the state folder`,
  );
});
