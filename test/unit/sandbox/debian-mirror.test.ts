import { describe, expect, it } from 'vitest';

import { mirrorIn } from '../../../src/sandbox/debian-mirror.ts';

const debian = 'Debian|Debian|main|http://mirror.example.org/debian/';
const others = [
  'Debian|Debian-Security|main|http://security.example.org/debian-security/',
  'Debian|Debian|non-free|http://other.example.org/debian/',
  'Node Source|Node Source|main|https://node.example.org/node_20.x/',
  'Ubuntu|Ubuntu|main|http://archive.example.org/ubuntu/',
];

describe('mirrorIn()', () => {
  it.each([
    { name: 'the one of Debian', lines: [...others, debian], mirror: 'mirror.example.org' },
    { name: 'none without a source of Debian', lines: others, mirror: null },
    {
      name: 'none that asks for a password',
      lines: ['Debian|Debian|main|http://me:secret@mirror.example.org/debian/'],
      mirror: null,
    },
    { name: 'none without lists', lines: ['$(ORIGIN)|$(LABEL)|main|http://x/'], mirror: null },
    { name: 'none without sources', lines: [], mirror: null },
  ])('$name', ({ lines, mirror }) => {
    const found = mirrorIn(`${lines.join('\n')}\n`);

    expect(found).toBe(mirror === null ? null : `http://${mirror}/debian/`);
  });
});
