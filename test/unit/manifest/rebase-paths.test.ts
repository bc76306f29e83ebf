import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { rebasePath, rebasePaths } from '../../../src/manifest/rebase-paths.ts';
import { repositoryPath } from '../../../src/manifest/repository-path.ts';
import { plain, yaml } from '../../support/located-yaml.ts';

describe('rebasePath()', () => {
  it.each([
    ['./a', 'lib', 'lib', './a'],
    ['a', 'lib', '', './lib/a'],
    ['./a', 'lib', 'shop', '../lib/a'],
    ['../a', 'lib', 'shop', '../a'],
    ['../shop/a', 'lib', 'shop', './a'],
    ['.', 'shop/x', 'shop', './x'],
    ['..', 'shop/x', 'shop', '.'],
    ['../../..', 'a/b', 'shop', '../..'],
    ['/a', 'lib', 'shop', '/a'],
    ['~/a', 'lib', 'shop', '~/a'],
  ])('%s in %s is, from %s, %s', (written, folder, home, expected) => {
    expect(rebasePath(written, folder, home)).toBe(expected);
  });

  it('never changes the file that is meant', () => {
    const parts = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 });
    const written = fc
      .array(fc.constantFrom('a', 'b', '.', '..'), { minLength: 1, maxLength: 5 })
      .map((each) => each.join('/'));

    fc.assert(
      fc.property(written, parts, parts, (path, from, to) => {
        const [folder, home] = [from.join('/'), to.join('/')];
        const moved = rebasePath(path, folder, home);
        expect(repositoryPath('', home, moved)).toBe(repositoryPath('', folder, path));
      }),
    );
  });
});

describe('rebasePaths()', () => {
  it('moves every path of the repository, and nothing else', () => {
    const document = `
services:
  a:
    image: ./x
    env_file: a.env
    label_file: [a.label]
    volumes: ["./v:/v:ro", "data:/d", "/host:/h", "~/x:/y", /anonymous, .:/src]
    configs: [c]
  b:
    env_file: [b.env, { path: ./c.env, required: false }]
    volumes: [{ type: bind, source: ./v, target: /v }, { type: volume, source: v, target: /w }]
configs: { c: { file: c.conf }, d: { content: ./d } }
secrets: { s: { file: ./s } }
volumes: { data: { driver_opts: { o: "ro,bind", device: ./d } }, other: { driver_opts: { device: ./d } } }
`;
    expect(plain(rebasePaths(yaml(document), 'lib', 'shop'))).toEqual({
      services: {
        a: {
          image: './x',
          env_file: '../lib/a.env',
          label_file: ['../lib/a.label'],
          volumes: ['../lib/v:/v:ro', 'data:/d', '/host:/h', '~/x:/y', '/anonymous', '../lib:/src'],
          configs: ['c'],
        },
        b: {
          env_file: ['../lib/b.env', { path: '../lib/c.env', required: false }],
          volumes: [
            { type: 'bind', source: '../lib/v', target: '/v' },
            { type: 'volume', source: 'v', target: '/w' },
          ],
        },
      },
      configs: { c: { file: '../lib/c.conf' }, d: { content: './d' } },
      secrets: { s: { file: '../lib/s' } },
      volumes: {
        data: { driver_opts: { o: 'ro,bind', device: '../lib/d' } },
        other: { driver_opts: { device: './d' } },
      },
    });
  });
});
