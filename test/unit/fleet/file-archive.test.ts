import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { extract } from 'tar-stream';
import { expect, it } from 'vitest';

import { fileArchive } from '../../../src/fleet/file-archive.ts';

const files = [
  { target: '/etc/a', content: Buffer.from('one').toString('base64'), mode: 0o440, uid: 5, gid: 6 },
  { target: '/new/b', content: '', mode: 0o644, uid: 0, gid: 0 },
];

it('fileArchive() holds the files with their owners and modes, and no folder', async () => {
  const archive = await fileArchive(files, null);

  const entries: object[] = [];
  for await (const entry of Readable.from([archive]).pipe(extract())) {
    const { name, mode, uid, gid, type } = entry.header;
    entries.push({ name, mode, uid, gid, type, content: await text(entry) });
  }
  expect(entries).toEqual([
    { name: 'etc/a', mode: 0o440, uid: 5, gid: 6, type: 'file', content: 'one' },
    { name: 'new/b', mode: 0o644, uid: 0, gid: 0, type: 'file', content: '' },
  ]);
});

it('fileArchive() of the same files is the same archive', async () => {
  expect(await fileArchive(files, null)).toEqual(await fileArchive(files, null));
});
