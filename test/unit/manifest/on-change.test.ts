import { describe, expect, it } from 'vitest';

import { liveFiles } from '../../../src/model/delivered.ts';
import { originAt } from '../../../src/model/origin.ts';
import { formatProblem, loadFiles, loadWeb, type Files } from '../../support/load-files.ts';

const files: Files = {
  'shop/motd': 'hello\n',
  'shop/token': 'planted',
  'shop/conf/app.conf': 'a',
  'shop/conf/deep/b.conf': 'b',
};

const declared = 'secrets: { token: { file: token } }\nconfigs: { extra: { content: more } }\n';

const delivered = [
  'volumes: ["./conf:/etc/app:ro", "./motd:/motd:ro"]',
  'secrets: [token]',
  'configs: [extra]',
];

function live(onChange: string): Readonly<Record<string, string>> {
  const lines = [...delivered, `x-fleetwright: { onChange: ${onChange} }`];
  const { container } = loadWeb(lines, declared, files);
  return Object.fromEntries(
    liveFiles(container).map(({ target, onChange: how }) => [
      target,
      how.kind === 'restart' ? 'restart' : how.signal,
    ]),
  );
}

describe('x-fleetwright.onChange', () => {
  it.each([
    [
      'restart',
      {
        '/etc/app/app.conf': 'restart',
        '/etc/app/deep/b.conf': 'restart',
        '/extra': 'restart',
        '/motd': 'restart',
        '/run/secrets/token': 'restart',
      },
    ],
    ['recreate', {}],
    ['{ /etc/app: signal }', { '/etc/app/app.conf': 'SIGHUP', '/etc/app/deep/b.conf': 'SIGHUP' }],
    [
      '{ /: restart, /etc/app/deep/: recreate, /etc/app/app.conf: signal, /extra: recreate }',
      { '/etc/app/app.conf': 'SIGHUP', '/motd': 'restart', '/run/secrets/token': 'restart' },
    ],
    ['{ /run/secrets/token: { signal: usr1 } }', { '/run/secrets/token': 'SIGUSR1' }],
    ['{ /etc/app/app.conf: { signal: SIGRTMIN+3 } }', { '/etc/app/app.conf': 'SIGRTMIN+3' }],
  ])('%s is for the files that it names', (onChange, expected) => {
    expect(live(onChange)).toEqual(expected);
  });

  it.each([
    ['{ /: restart }', 'restart'],
    ['{ /etc/app/app.conf: { signal: HUP } }', '{ /etc/app/app.conf: signal }'],
  ])('%s is the same as %s', (one, other) => {
    expect(live(one)).toEqual(live(other));
  });

  it.each([
    [
      '{ /etc/ap: restart }',
      '7:34 undefined-file: no config, secret or relative bind of the service is at "/etc/ap" (did you mean "/etc/app"?)',
    ],
    [
      '{ /etc/app/app.com: restart }',
      '7:34 undefined-file: no config, secret or relative bind of the service is at "/etc/app/app.com" (did you mean "/etc/app/app.conf"?)',
    ],
    [
      '{ /motd: signal }',
      '7:34 conflicting-keys: a signal is of no use for "/motd": a file that is mounted by itself shows a running container what it was',
    ],
    [
      'signal',
      '7:32 conflicting-keys: a signal is of no use for "/extra": a file that is mounted by itself shows a running container what it was',
    ],
    [
      '{ /etc/app: { signal: SIGKILL } }',
      '7:54 invalid-value: no program can take the signal "SIGKILL"',
    ],
    [
      '{ /etc/app: { signal: SIGHUB } }',
      '7:54 invalid-value: "SIGHUB" is not the name of a signal (did you mean "HUP"?)',
    ],
    [
      '{ etc/app: restart }',
      '7:34 invalid-name: invalid name "etc/app": must be a path that starts with "/"',
    ],
    ['reload', '7:32 invalid-value: "onChange" must be recreate, restart or signal, got "reload"'],
    [
      '{ /etc/app: reload }',
      '7:44 invalid-value: "/etc/app" must be recreate, restart or signal, got "reload"',
    ],
  ])('%s is refused where it stands', (onChange, expected) => {
    expect(complaints([...delivered, `x-fleetwright: { onChange: ${onChange} }`])).toEqual([
      expected,
    ]);
  });

  it('of a file that the container may write to is refused', () => {
    const lines = ['volumes: ["./conf:/etc/app"]', 'x-fleetwright: { onChange: restart }'];

    expect(complaints(lines)).toContain(
      '5:32 conflicting-keys: "/etc/app" cannot change in place: the container may write to it, and that would be lost',
    );
  });

  it('of a service without files is refused', () => {
    expect(complaints(['x-fleetwright: { onChange: restart }'])).toEqual([
      '4:32 undefined-file: the service has no configs, secrets or relative binds that could change',
    ]);
  });

  it('says nothing of a file that cannot be read', () => {
    const lines = ['volumes: ["./gone:/etc/app:ro"]', 'x-fleetwright: { onChange: restart }'];

    expect(complaints(lines)).toEqual([expect.stringContaining('file-not-found')]);
  });

  it.each(['tmpfs: /run/secrets/cache', 'volumes: [data:/run/secrets/data]'])(
    'cannot signal secrets beside %s',
    (mount) => {
      const signal = 'x-fleetwright: { onChange: { /run/secrets: signal } }';

      expect(complaints(['secrets: [token]', mount, signal], 'volumes: { data: }\n')).toEqual([
        '6:34 conflicting-keys: a signal is of no use for "/run/secrets/token": a file that is mounted by itself shows a running container what it was',
      ]);
    },
  );

  it('is refused for a job', () => {
    const lines = ['secrets: [token]', 'x-fleetwright: { onChange: restart }'];
    const after = 'x-fleetwright: { jobs: { web: { when: before } } }\n';

    expect(complaints(lines, after)).toContain(
      '5:22 conflicting-keys: job "web" cannot have "onChange"',
    );
  });
});

function hash(onChange: string, others: Files = {}): string {
  const lines = [...delivered, ...(onChange === '' ? [] : [`x-fleetwright: { ${onChange} }`])];
  return loadWeb(lines, declared, { ...files, ...others }).hash;
}

describe('the content of a file', () => {
  const rules = 'onChange: { /etc/app: signal, /run/secrets: restart }';

  it.each<[string, Files]>([
    ['of a folder', { 'shop/conf/app.conf': 'other' }],
    ['of a secret', { 'shop/token': 'other' }],
  ])('%s is not in the hash of what takes it in while it runs', (_name, others) => {
    expect(hash(rules, others)).toBe(hash(rules));
    expect(hash('', others)).not.toBe(hash(''));
  });

  it.each<[string, Files]>([
    ['the content of another file', { 'shop/motd': 'other' }],
    ['a new file', { 'shop/conf/c.conf': 'c' }],
    ['the bit for programs', { 'shop/conf/app.conf': { text: 'a', executable: true } }],
  ])('%s is', (_name, others) => {
    expect(hash(rules, others)).not.toBe(hash(rules));
  });

  it('is so again when the rule goes', () => {
    expect(hash('onChange: recreate')).toBe(hash(''));
    expect(hash(rules)).not.toBe(hash(''));
    expect(hash(rules.replace('signal', '{ signal: USR1 }'))).toBe(hash(rules));
  });
});

it('drift of a file in a folder stands where the folder is mounted', () => {
  const { origins } = loadWeb(
    [...delivered, 'x-fleetwright: { onChange: { /etc/app: restart } }'],
    declared,
    files,
  );

  expect(originAt(origins, 'volumes./etc/app/deep/b.conf')).toEqual(
    originAt(origins, 'volumes./etc/app'),
  );
  expect(originAt(origins, 'volumes./etc/app')).toMatchObject({ line: 4 });
});

function complaints(lines: readonly string[], after = declared): readonly string[] {
  const own = lines.map((line) => `    ${line}\n`).join('');
  const top = after.includes('secrets:') ? after : `${declared}${after}`;
  const manifest = `services:\n  web:\n    image: nginx\n${own}${top}`;
  const { diagnostics } = loadFiles({ 'shop/compose.yaml': manifest, ...files });
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map((each) => formatProblem(each).replace('shop/compose.yaml:', ''));
}
