import { describe, expect, it } from 'vitest';

import type { ContainerSpec } from '../../../src/model/container.ts';
import { unseal } from '../../../src/model/sealed.ts';
import { maxFileBytes } from '../../../src/manifest/manifest.ts';
import {
  formatProblem,
  loadFiles,
  loadWeb,
  testKey,
  type Files,
} from '../../support/load-files.ts';

const files: Files = {
  'shop/nginx.conf': 'listen 80;\n',
  'shop/token': 'planted',
  'shop/conf/a.conf': 'a',
  'shop/conf/deep/run.sh': { text: '#!/bin/sh', executable: true },
  'shop/confusing': 'not in the folder',
};

function container(lines: readonly string[], after = '', others = files): ContainerSpec {
  return loadWeb(lines, after, others).container;
}

function complaints(lines: readonly string[], others: Files = files): readonly string[] {
  const own = lines.map((line) => `    ${line}\n`).join('');
  const manifest = `services:\n  web:\n    image: nginx\n${own}`;
  const { diagnostics } = loadFiles({ 'shop/compose.yaml': manifest, ...others });
  return diagnostics.map((each) => formatProblem(each).replace('shop/compose.yaml:', ''));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

const owned = { uid: 0, gid: 0 };

describe('a relative bind mount', () => {
  it('of a file is the file of the commit', () => {
    const { files, mounts, fileMounts } = container([
      'volumes: ["./nginx.conf:/etc/nginx.conf:ro"]',
    ]);

    expect({ files, mounts, fileMounts }).toEqual({
      files: [
        { target: '/etc/nginx.conf', content: base64('listen 80;\n'), mode: 0o644, ...owned },
      ],
      mounts: [],
      fileMounts: undefined,
    });
  });

  it('of a folder mounts all that is below it, with the bits for programs', () => {
    const { files, fileMounts } = container([
      'volumes: [{ type: bind, source: conf, target: /etc/conf.d/, read_only: true }]',
    ]);

    expect(files).toEqual([]);
    expect(fileMounts).toEqual([
      {
        target: '/etc/conf.d',
        kind: 'folder',
        readOnly: true,
        files: [
          { target: 'a.conf', content: base64('a'), mode: 0o644, ...owned },
          { target: 'deep/run.sh', content: base64('#!/bin/sh'), mode: 0o755, ...owned },
        ],
      },
    ]);
  });

  it('of a file that can be written to is a copy of its own', () => {
    const { files, fileMounts } = container(['volumes: ["./nginx.conf:/etc/nginx.conf"]']);

    expect(files).toEqual([]);
    expect(fileMounts).toMatchObject([
      { target: '/etc/nginx.conf', kind: 'file', readOnly: false, files: [{ mode: 0o644 }] },
    ]);
  });

  it('that can be written to is taken, with a warning', () => {
    expect(complaints(['volumes: ["./conf:/c"]'])).toEqual([
      '4:15 writable-copy: each container gets a copy of "./conf" of its own, and what is written to it is lost with the container',
    ]);
  });

  it.each([
    [
      './data:/data',
      {},
      'file-not-found: Cannot mount "./data": there is no file or folder "shop/data" in the commit',
    ],
    [
      './ngin.conf:/c',
      {},
      'file-not-found: Cannot mount "./ngin.conf": there is no file or folder "shop/ngin.conf" in the commit (did you mean "nginx.conf"?)',
    ],
    [
      '../../x:/x',
      {},
      'path-outside-repository: Cannot read mounted file "../../x": it lies outside the repository',
    ],
    [
      './conf:/c:ro',
      { 'shop/conf/link': { link: 'symlink' } },
      'symlink: Cannot read mounted file "shop/conf/link": "shop/conf/link" is a symbolic link, and links are not followed',
    ],
    [
      './big:/big:ro',
      { 'shop/big': new Uint8Array(maxFileBytes + 1) },
      'too-large: Cannot read mounted file "shop/big": it is larger than 1024 KiB',
    ],
    [
      './many:/many:ro',
      Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`shop/many/${index}`, ''])),
      'too-large: Cannot mount "./many": with it the relative binds of this service hold more than 1,000 files',
    ],
    [
      './heavy:/heavy:ro',
      Object.fromEntries(
        Array.from({ length: 9 }, (_, index) => [
          `shop/heavy/${index}`,
          new Uint8Array(maxFileBytes).fill(index),
        ]),
      ),
      'too-large: Cannot mount "./heavy": with it the relative binds of this service hold more than 8 MiB',
    ],
  ] as const)('of %s is refused when it cannot be delivered', (mount, more, expected) => {
    expect(complaints([`volumes: ["${mount}"]`], { ...files, ...more })).toEqual([
      `4:15 ${expected}`,
    ]);
  });
});

describe('a change', () => {
  const lines = ['volumes: ["./conf:/c:ro", "./nginx.conf:/n:ro"]', 'secrets: [token]'];
  const secrets = 'secrets: { token: { file: token } }\n';
  const hash = (others: Files): string => loadWeb(lines, secrets, { ...files, ...others }).hash;

  it.each<[string, Files]>([
    ['a file', { 'shop/nginx.conf': 'listen 81;\n' }],
    ['a file of a folder', { 'shop/conf/a.conf': 'b' }],
    ['a new file in a folder', { 'shop/conf/b.conf': 'b' }],
    ['the bit for programs', { 'shop/conf/deep/run.sh': '#!/bin/sh' }],
    ['a secret', { 'shop/token': 'other' }],
  ])('of %s is another hash', (_name, others) => {
    expect(hash(others)).not.toBe(hash({}));
  });

  it('of a file beside them is the same hash', () => {
    expect(hash({ 'shop/confusing': 'other' })).toBe(hash({}));
  });

  it('of a folder is seen by a load that remembers the one before', () => {
    const cache = new Map();
    const manifest = {
      'shop/compose.yaml': `services:\n  web:\n    image: nginx\n    ${lines[0]}\n`,
    };
    const load = (others: Files): string | undefined =>
      loadFiles({ ...manifest, ...files, ...others }, { cache }).applications[0]?.services[0]?.hash;

    const before = load({});
    expect(load({ 'shop/conf/b.conf': 'b' })).not.toBe(before);
    expect(load({ 'shop/conf/deep/run.sh': '#!/bin/sh' })).not.toBe(before);
    expect(load({})).toBe(before);
  });
});

describe('a secret', () => {
  it('is sealed, and stands below /run/secrets', () => {
    const { files: delivered } = container(
      ['secrets: [token, { source: env, target: /etc/env, uid: "5", gid: "6", mode: 0400 }]'],
      'secrets: { token: { file: token }, env: { environment: PASSWORD } }\n',
      { ...files, 'shop/.env': 'PASSWORD=planted\n' },
    );

    expect(delivered).toMatchObject([
      { target: '/etc/env', mode: 0o400, uid: 5, gid: 6, sealed: true },
      { target: '/run/secrets/token', mode: 0o444, uid: 0, gid: 0, sealed: true },
    ]);
    for (const { content } of delivered) {
      expect(unseal(testKey, content)?.toString()).toBe('planted');
      expect(content).not.toContain(base64('planted'));
    }
  });

  it('whose variable is not set is refused', () => {
    const manifest =
      'services: { web: { image: nginx, secrets: [a] } }\nsecrets: { a: { environment: PASS } }\n';

    expect(loadFiles({ 'shop/compose.yaml': manifest }).diagnostics.map(formatProblem)).toEqual([
      'shop/compose.yaml:2:30 undefined-variable: the variable "PASS" is not set',
    ]);
  });
});
