import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { extract } from 'tar-stream';
import { expect, it } from 'vitest';

import {
  mountArchive,
  renewalArchive,
  SealedError,
  toldArchive,
} from '../../../src/fleet/file-archive.ts';
import type { FileMount, FileSpec } from '../../../src/model/container.ts';
import { seal } from '../../../src/model/sealed.ts';

const key = Buffer.from('key');
const file = { content: Buffer.from('one').toString('base64'), mode: 0o440, uid: 5, gid: 6 };
const secret: FileSpec = {
  ...file,
  target: '/run/secrets/a',
  content: seal(key, Buffer.from('planted')),
  sealed: true,
};
const mounts: readonly FileMount[] = [
  {
    target: '/etc/app',
    kind: 'folder',
    readOnly: true,
    files: [
      { ...file, target: 'a' },
      { ...file, target: 'b/c/d', mode: 0o755 },
    ],
  },
  { target: '/run/secrets/a', kind: 'file', readOnly: true, files: [secret] },
];

async function entriesOf(archive: Buffer): Promise<readonly string[]> {
  const entries: string[] = [];
  for await (const entry of Readable.from([archive]).pipe(extract())) {
    const { name, mode, uid, gid } = entry.header;
    entries.push(`${name} ${(mode ?? 0).toString(8)} ${uid}:${gid} ${await text(entry)}`.trim());
  }
  return entries;
}

it('mountArchive() holds each mount under its number, with folders, owners and modes', async () => {
  const archive = await mountArchive(mounts, 'all', key);

  expect(await entriesOf(archive)).toEqual([
    'all/0 755 0:0',
    'all/0/b 755 0:0',
    'all/0/b/c 755 0:0',
    'all/0/a 440 5:6 one',
    'all/0/b/c/d 755 5:6 one',
    'all/1 440 5:6 planted',
  ]);
});

it('what a container is told stands before its files, and can be renewed with some of them', async () => {
  const told = { '/etc/app/a': 'one' };
  const toldEntry = 'all/told 400 0:0 {"/etc/app/a":"one"}';

  const whole = await entriesOf(await mountArchive(mounts, 'all', key, told));
  const some = ['/etc/app/b/c/d', '/run/secrets/a'];
  const part = await entriesOf(await renewalArchive(mounts, some, 'all', key, told));

  expect(whole[0]).toBe(toldEntry);
  expect(whole).toHaveLength(7);
  expect(part).toEqual([toldEntry, 'all/0/b/c/d 755 5:6 one', 'all/1 440 5:6 planted']);
  expect(await entriesOf(await toldArchive(told, 'all'))).toEqual([toldEntry]);
});

it('mountArchive() of the same files is the same archive', async () => {
  expect(await mountArchive(mounts, 'all', key)).toEqual(await mountArchive(mounts, 'all', key));
});

it.each([null, Buffer.from('other')])(
  'mountArchive() cannot open secrets with the key %s',
  (other) => {
    expect(() => mountArchive(mounts, 'all', other)).toThrow(SealedError);
    expect(() => mountArchive(mounts, 'all', other)).toThrow(
      'secret "/run/secrets/a" was sealed with another key than that of this state folder',
    );
  },
);
