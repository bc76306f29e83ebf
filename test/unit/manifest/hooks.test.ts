import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles, loadWeb } from '../../support/load-files.ts';
import { originAt } from '../../../src/model/origin.ts';

function complaints(...lines: readonly string[]): readonly string[] {
  const own = lines.map((line) => `    ${line}\n`).join('');
  const manifest = `services:\n  web:\n    image: nginx\n${own}`;
  const { diagnostics } = loadFiles({ 'shop/compose.yaml': manifest });
  return diagnostics.map((each) => formatProblem(each).replace('shop/compose.yaml:', ''));
}

describe.each([
  ['post_start', 'postStart'],
  ['pre_stop', 'preStop'],
] as const)('%s', (key, field) => {
  it('is a list of commands, with what each of them needs', () => {
    const lines = [
      `${key}:`,
      '  - command: warm --up "the cache"',
      '  - command: [chown, -R, "1001", /data]',
      '    user: root',
      '    privileged: true',
      '    working_dir: /data',
      '    environment: [A=1, B, C]',
      '    x-note: kept for other tools',
    ];

    expect(loadWeb(lines, '', { 'shop/.env': 'B=2\n' }).hooks).toEqual({
      [field]: [
        { command: ['warm', '--up', 'the cache'] },
        {
          command: ['chown', '-R', '1001', '/data'],
          user: 'root',
          privileged: true,
          workingDir: '/data',
          environment: { A: '1', B: '2' },
        },
      ],
    });
  });

  it('knows where each of its values stands', () => {
    const { origins } = loadWeb([`${key}:`, '  - command: warm', '    user: root']);

    expect(originAt(origins, key)).toMatchObject({ line: 4 });
    expect(originAt(origins, `${key}.0.user`)).toMatchObject({ line: 6 });
  });

  it('reads a variable as what its key asks for', () => {
    const lines = [`${key}: [{ command: "$WHAT", privileged: "$OPEN" }]`];

    expect(loadWeb(lines, '', { 'shop/.env': 'WHAT=warm up\nOPEN=true\n' }).hooks).toEqual({
      [field]: [{ command: ['warm', 'up'], privileged: true }],
    });
  });

  it('changes the hash of nothing', () => {
    expect(loadWeb([`${key}: [{ command: warm }]`]).hash).toBe(loadWeb().hash);
    expect(loadWeb([`${key}: []`])).toMatchObject({ hash: loadWeb().hash });
    expect(loadWeb([`${key}: []`]).hooks).toBeUndefined();
  });

  it('of an override comes after that of the manifest', () => {
    const web = loadWeb([`${key}: [{ command: a }]`], '', {
      'shop/compose.override.yaml': `services: { web: { ${key}: [{ command: b }] } }\n`,
    });

    expect(web.hooks).toEqual({ [field]: [{ command: ['a'] }, { command: ['b'] }] });
  });

  it.each([
    [[`${key}: [{ user: root }]`], 'missing-key'],
    [[`${key}: [{ command: a, image: b }]`], 'unknown-key'],
    [[`${key}: [{ command: "" }]`], 'invalid-value: "command" of a hook must name a program'],
    [[`${key}: [{ command: [] }]`], 'invalid-value: "command" of a hook must name a program'],
    [[`${key}: { command: a }`], 'wrong-type'],
  ])('refuses %j', (lines, expected) => {
    expect(complaints(...lines)).toEqual([expect.stringContaining(expected)]);
  });
});
