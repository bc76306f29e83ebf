import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseImageReference } from '../../../../src/manifest/scalars/image-reference.ts';
import { isIpAddress, parsePort } from '../../../../src/manifest/scalars/port.ts';
import { parseShellWords } from '../../../../src/manifest/scalars/shellwords.ts';
import { cleanPath, parseVolume } from '../../../../src/manifest/scalars/volume.ts';
import { readVectors, vectorsPresent } from '../../../support/compose-vectors.ts';

const sha = 'f'.repeat(64);

describe('parseShellWords()', () => {
  it.each([
    ['echo "a b" \'c d\'', ['echo', 'a b', 'c d'], null],
    ['a\\ b "\\"" \'\\\'', ['a b', '"', '\\'], null],
    ['a "" b', ['a', '', 'b'], null],
    ['  a\tb\n', ['a', 'b'], null],
    ['a"b"c', ['abc'], null],
    ['echo $HOME $(date -u)', ['echo', '$HOME', '$(date -u)'], null],
    ['a `b c`', ['a', '`b c`'], null],
    ['echo a; echo b', ['echo', 'a'], 6],
    ['run >log', ['run'], 4],
    ['run 2>log', ['run'], 5],
    ['a "x;y" \\; b', ['a', 'x;y', ';', 'b'], null],
    ['', [], null],
  ])('splits %j', (text, words, stoppedAt) => {
    expect(parseShellWords(text)).toEqual({ ok: true, value: { words, stoppedAt } });
  });

  it.each(['a "b', "a 'b", 'a `b', 'a $(b', 'a\\', '(a)', 'a )'])('rejects %j', (text) => {
    expect(parseShellWords(text).ok).toBe(false);
  });
});

describe('parseImageReference()', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx', 'nginx'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27', 'nginx:1.27'],
    ['acme/web:2', 'docker.io/acme/web:2', 'acme/web:2'],
    ['index.docker.io/acme/web', 'docker.io/acme/web', 'acme/web'],
    ['localhost/web', 'localhost/web', 'localhost/web'],
    ['reg.example.com:5000/a/b:t', 'reg.example.com:5000/a/b:t', 'reg.example.com:5000/a/b:t'],
    [`web@sha256:${sha}`, `docker.io/library/web@sha256:${sha}`, `web@sha256:${sha}`],
    ['[::1]:5000/web', '[::1]:5000/web', '[::1]:5000/web'],
  ])('completes %j', (text, full, familiar) => {
    expect(parseImageReference(text)).toMatchObject({ ok: true, value: { full, familiar } });
  });

  it('tells the parts apart', () => {
    expect(parseImageReference(`reg.io:5/a/b:1@sha256:${sha}`)).toMatchObject({
      value: { domain: 'reg.io:5', path: 'a/b', tag: '1', digest: `sha256:${sha}` },
    });
  });

  it.each([
    ['', 'expected [registry/]name'],
    ['Nginx', 'must be lower case'],
    ['acme/Web:1', 'must be lower case'],
    ['web:', 'expected [registry/]name'],
    ['web:-a', 'expected [registry/]name'],
    ['web@sha256:abc', 'its digest is not'],
    [sha, 'it is an image id'],
    [`a/${'b'.repeat(256)}`, 'too long'],
    ['https://reg.io/web', 'expected [registry/]name'],
  ])('rejects %j', (text, reason) => {
    expect(parseImageReference(text)).toEqual({
      ok: false,
      message: expect.stringContaining(reason),
    });
  });
});

describe('parsePort()', () => {
  const port = { target: 80, protocol: 'tcp', hostIp: '', published: '' };

  it.each([
    ['80', [port]],
    ['80/UDP', [{ ...port, protocol: 'udp' }]],
    ['8080:80', [{ ...port, published: '8080' }]],
    ['127.0.0.1:8080:80', [{ ...port, hostIp: '127.0.0.1', published: '8080' }]],
    ['127.0.0.1::80', [{ ...port, hostIp: '127.0.0.1' }]],
    ['[::1]:8080:80', [{ ...port, hostIp: '::1', published: '8080' }]],
    ['::1:8080:80', [{ ...port, hostIp: '::1', published: '8080' }]],
    ['8000-8010:80', [{ ...port, published: '8000-8010' }]],
    ['0:80', [port]],
    ['80-81', [port, { ...port, target: 81 }]],
    [
      '90-91:80-81',
      [
        { ...port, published: '90' },
        { ...port, target: 81, published: '91' },
      ],
    ],
  ])('expands %j', (text, expected) => {
    expect(parsePort(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ['', 'Invalid containerPort: '],
    ['0', 'Invalid containerPort: 0'],
    ['65536', 'Invalid containerPort: 65536'],
    ['81-80', 'Invalid containerPort: 81-80'],
    ['a:80', 'Invalid hostPort: a'],
    ['80/icmp', 'Invalid proto: icmp'],
    ['300.0.0.1:80:80', 'Invalid ip address: 300.0.0.1'],
    ['host:80:80', 'Invalid ip address: host'],
    ['80-82:80-81', 'Invalid ranges specified for container and host Ports: 80-81 and 80-82'],
  ])('rejects %j', (text, message) => {
    expect(parsePort(text)).toEqual({ ok: false, message });
  });

  it.each([
    ['0.0.0.0', true],
    ['255.255.255.255', true],
    ['256.1.1.1', false],
    ['1.1.1', false],
    ['1.1.1.1.', false],
    ['fe80::1', true],
    ['::ffff:1.2.3.4', true],
    ['fe80::1%eth0', false],
    [':::', false],
  ])('isIpAddress(%j) is %s', (text, expected) => {
    expect(isIpAddress(text)).toBe(expected);
  });
});

describe('parseVolume()', () => {
  const volume = {
    type: 'volume',
    source: '',
    target: '/t',
    readOnly: false,
    noCopy: false,
    propagation: '',
    selinux: '',
    unknownOptions: [],
  };

  it.each([
    ['/t', volume],
    ['/t/../t/', volume],
    ['data:/t', { ...volume, source: 'data' }],
    ['data:/t:ro,nocopy', { ...volume, source: 'data', readOnly: true, noCopy: true }],
    ['data:/t:ro,rw', { ...volume, source: 'data' }],
    ['./a:/t', { ...volume, type: 'bind', source: './a' }],
    ['~:/t', { ...volume, type: 'bind', source: '~' }],
    [
      '/a:/t:z,rslave',
      { ...volume, type: 'bind', source: '/a', selinux: 'z', propagation: 'rslave' },
    ],
    ['C:\\a:/t', { ...volume, type: 'bind', source: 'C:\\a' }],
    ['${A:-x}:/t', { ...volume, source: '${A:-x}' }],
    ['data:/t:rox', { ...volume, source: 'data', unknownOptions: ['rox'] }],
  ])('reads %j', (text, expected) => {
    expect(parseVolume(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ['', 'invalid empty volume spec'],
    ['data::/t', 'empty section between colons'],
    ['data:/t:', 'empty section between colons'],
    ['data:/t:ro:x', 'too many colons'],
  ])('rejects %j', (text, reason) => {
    expect(parseVolume(text)).toEqual({ ok: false, message: expect.stringContaining(reason) });
  });

  it('cleanPath() never leaves the root', () => {
    expect(['/', '//a/./b/', '/../a', '/a/..', 'a/../b'].map((path) => cleanPath(path))).toEqual([
      '/',
      '/a/b',
      '/a',
      '/',
      'a/../b',
    ]);
  });
});

describe('all short forms', () => {
  it('answer for any text without throwing', () => {
    const parsers = [parseShellWords, parseImageReference, parsePort, parseVolume];
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        for (const parse of parsers) expect(typeof parse(text).ok).toBe('boolean');
      }),
    );
  });
});

describe.skipIf(!vectorsPresent)('vectors of other projects', () => {
  type Lines = { cases: { line: string; args?: string[] }[] };
  it.each(readVectors<Lines>('vectors/shellwords.json', { cases: [] }).cases)(
    'parseShellWords($line)',
    ({ line, args }) => {
      const result = parseShellWords(line);
      expect(result.ok ? result.value.words : undefined).toEqual(args);
    },
  );

  interface Images {
    parse: {
      input: string;
      repository?: string;
      domain?: string;
      tag?: string;
      digest?: string;
      err?: string;
    }[];
    normalize: {
      full: string;
      familiar: string;
      ambiguous: string;
      domain: string;
      remote: string;
    }[];
    validRepoNames: string[];
    invalidRepoNames: string[];
  }
  const images = readVectors<Partial<Images>>('vectors/image-reference.json', {});
  it('are there', () => {
    expect(images.parse?.length).toBeGreaterThan(0);
  });

  it.each(images.parse ?? [])('parseImageReference($input)', (vector) => {
    const result = parseImageReference(vector.input);
    if (!result.ok || vector.err !== undefined) {
      expect(result.ok).toBe(vector.err === undefined);
      return;
    }
    const { full, tag, digest } = result.value;
    expect({ tag, digest }).toEqual({ tag: vector.tag ?? '', digest: vector.digest ?? '' });
    expect(full).toContain(vector.repository);
  });
  it.each(images.normalize ?? [])('parseImageReference($familiar)', (vector) => {
    for (const text of [vector.familiar, vector.full, vector.ambiguous].filter(Boolean)) {
      const result = parseImageReference(text);
      expect(result).toMatchObject({
        value: { full: vector.full, familiar: vector.familiar, path: vector.remote },
      });
    }
  });
  it.each(images.validRepoNames ?? [])('parseImageReference(%j) is valid', (name) => {
    expect(parseImageReference(name).ok).toBe(true);
  });
  it.each(images.invalidRepoNames ?? [])('parseImageReference(%j) is invalid', (name) => {
    expect(parseImageReference(name).ok).toBe(false);
  });

  interface Port {
    value: string;
    error?: string;
    expected?: Record<string, string | number>[];
  }
  it.each(readVectors<Port[]>('compose-go/ports-short.json', []))('parsePort($value)', (vector) => {
    const result = parsePort(vector.value);
    const expected = vector.expected?.map((port) => ({
      target: port['target'],
      protocol: port['protocol'],
      hostIp: port['host_ip'] ?? '',
      published: port['published'] ?? '',
    }));
    expect(result.ok ? result.value : undefined).toEqual(expected);
    if (!result.ok) expect(result.message).toContain(vector.error);
  });

  interface Volume {
    spec: string;
    error?: string;
    expected?: Record<string, unknown> & {
      volume?: Record<string, unknown>;
      bind?: Record<string, unknown>;
    };
  }
  it.each(readVectors<Volume[]>('compose-go/volumes-short.json', []))(
    'parseVolume($spec)',
    (vector) => {
      const result = parseVolume(vector.spec);
      if (!result.ok || vector.expected === undefined) {
        expect(result.ok ? '' : result.message).toContain(vector.error);
        return;
      }
      const { expected } = vector;
      expect(result.value).toMatchObject({
        type: expected['type'],
        source: expected['source'] ?? '',
        target: expected['target'],
        readOnly: expected['read_only'] ?? false,
        noCopy: expected.volume?.['nocopy'] ?? false,
        selinux: expected.bind?.['selinux'] ?? '',
        propagation: expected.bind?.['propagation'] ?? '',
      });
    },
  );
});
