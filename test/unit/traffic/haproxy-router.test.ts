import { describe, expect, it } from 'vitest';

import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type { TrafficChange } from '../../../src/model/traffic.ts';
import { haproxyRouter } from '../../../src/traffic/haproxy-router.ts';
import type { ProxyAnswer } from '../../../src/traffic/traffic-router.ts';

const never = new AbortController().signal;
const proxy = { host: toHostName('eu-1'), container: toContainerId('c1') };
const endpoint = {
  backend: 'shop:web',
  name: 'eu-1:shop-web-1:abc',
  address: '192.0.2.1',
  port: 80,
};
const admit: TrafficChange = { kind: 'admit-endpoint', endpoint };

/** As HAProxy 2.6 has answered, with the columns that count. */
function answer(said: readonly string[], admin: number, sessions: number, map: string): string {
  return [
    ...said,
    '# name',
    'shop:web',
    '9lives:web',
    '',
    '1',
    '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port',
    `3 shop:web 1 eu-1:shop-web-1:abc 192.0.2.1 2 ${admin} 1 1 0 1 0 1 6 0 0 0 - 80 - 0 0 - - 0`,
    '',
    '# pxname,svname,qcur,qmax,scur,smax,slim,stot',
    `shop:web,eu-1:shop-web-1:abc,1,0,${sessions},9,,1234`,
    '',
    map,
    '',
  ].join('\n');
}

/** How a command has ended, and what it said. */
interface Said {
  readonly exitCode: number;
  readonly output: string;
}

interface Asked {
  readonly answer: ProxyAnswer;
  readonly commands: readonly (readonly string[])[];
}

async function ask(
  changes: readonly TrafficChange[],
  ...ends: readonly (Said | string)[]
): Promise<Asked> {
  const commands: (readonly string[])[] = [];
  const fleet = {
    ask: async (_host: string, _container: string, command: readonly string[]) => {
      const end = ends[Math.min(commands.length, ends.length - 1)] ?? '';
      commands.push(command);
      return typeof end === 'string' ? end : { ...end, output: Buffer.from(end.output) };
    },
  };
  const router = haproxyRouter(fleet, { command: ['nc', '127.0.0.1', '9999'], routes: '/r.map' });
  return { answer: await router.ask(proxy, changes, never), commands };
}

const whole = { exitCode: 0, output: answer([], 0, 4, '0x5d shop.example.com/ shop:web') };

const otherForm = 'its runtime API tells of its servers in a form that is not known';

function altered(text: string, other: string): Said {
  return { exitCode: 0, output: whole.output.replace(text, other) };
}

describe('a proxy', () => {
  it('is read to its end however many columns and rows it has', async () => {
    const many = 100_000;
    const head = `# be_id be_name srv_id srv_name ${'x '.repeat(many)}srv_port srv_admin_state`;
    const servers = [head, ...Array.from({ length: many }, () => 'a b')].join('\n');
    const output = `# name\n\n${servers}\n\n# pxname,svname\n\n\n`;

    expect((await ask([], { exitCode: 0, output })).answer).toBe(otherForm);
  });

  it('is asked for all of its state in one go, by a command in its container', async () => {
    const { answer, commands } = await ask([], whole);

    expect(commands).toEqual([
      [
        'sh',
        '-c',
        String.raw`printf '%s\n' "$0" | "$@"`,
        'show backend; show servers state; show stat -1 4 -1; show map /r.map',
        'nc',
        '127.0.0.1',
        '9999',
      ],
    ]);
    expect(answer).toEqual({
      said: '',
      state: {
        backends: ['shop:web', '9lives:web'],
        servers: [{ ...endpoint, isReady: true, sessions: 5, requests: 1234 }],
        routes: { 'shop.example.com/': 'shop:web' },
      },
    });
  });

  it.each([
    ['in maintenance', 1],
    ['drained', 8],
    ['drained by its configuration', 16],
  ])('has a server that is not ready: %s', async (_what, admin) => {
    const { answer: one } = await ask([], { exitCode: 0, output: answer([], admin, 0, '') });

    expect(one).toMatchObject({
      state: { servers: [{ isReady: false, sessions: 1 }], routes: {} },
    });
  });

  it('is told of changes before it is asked, and says what it did not take', async () => {
    const said = [
      'Already exists a server with the same name in backend.',
      '',
      'No such server.',
      '',
    ];
    const end = { exitCode: 0, output: answer(said, 0, 0, '') };
    const changes: readonly TrafficChange[] = [
      admit,
      { kind: 'withdraw-endpoint', endpoint },
      { kind: 'remove-endpoint', endpoint },
      { kind: 'route-requests', key: 'a/', backend: 'shop:web', isNew: true },
      { kind: 'route-requests', key: 'b/', backend: 'shop:web', isNew: false },
      { kind: 'route-requests', key: 'c/', backend: null, isNew: false },
    ];

    const { answer: one, commands } = await ask(changes, end);

    const server = 'shop:web/eu-1:shop-web-1:abc';
    expect(commands.map((command) => command[3]?.split('; ').slice(0, -4))).toEqual([
      [
        `add server ${server} 192.0.2.1:80 check inter 1s fall 2 rise 1`,
        `set server ${server} addr 192.0.2.1 port 80`,
        `enable health ${server}`,
        `set server ${server} state ready`,
        `set server ${server} state drain`,
        `set server ${server} state maint`,
        `del server ${server}`,
        'add map /r.map a/ shop:web',
        'set map /r.map b/ shop:web',
        'del map /r.map c/',
      ],
    ]);
    expect(one).toMatchObject({ said: 'No such server.' });
  });

  it('is told in several lines when one would be too long for it', async () => {
    const { answer: one, commands } = await ask(
      Array.from({ length: 60 }, () => admit),
      whole,
    );

    const lines = commands.map((command) => command[3] ?? '');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.every((line) => line.length < 16_000)).toBe(true);
    expect(lines.join('; ').match(/add server/g)).toHaveLength(60);
    expect(one).toMatchObject({ said: '' });
  });

  it.each<[string, Said | string, string]>([
    ['its host is away', 'host "eu-1" is unreachable', 'host "eu-1" is unreachable'],
    [
      'there is no such command',
      { exitCode: 127, output: 'sh: nc: not found\n' },
      '"nc 127.0.0.1 9999" in its container ended with code 127: sh: nc: not found',
    ],
    ['it says nothing', { exitCode: 0, output: '' }, 'its runtime API said nothing'],
    ['it lets nobody ask', { exitCode: 0, output: 'Permission denied.\n' }, 'Permission denied.'],
    [
      'the answer is cut short',
      { exitCode: 0, output: whole.output.slice(0, whole.output.indexOf(',9') + 2) },
      'the answer of its runtime API is cut short',
    ],
    [
      'it has no such map',
      {
        exitCode: 0,
        output: answer([], 0, 0, 'Unknown map identifier. Please use #<id> or <file>.'),
      },
      'Unknown map identifier. Please use #<id> or <file>.',
    ],
    [
      'it says what is no answer, and much of it',
      { exitCode: 0, output: `\u001b[31m${'x'.repeat(100_000)}` },
      `[31m${'x'.repeat(296)}…`,
    ],
    [
      'the command fails with a long line',
      { exitCode: 1, output: `\u001b${'y'.repeat(100_000)}` },
      `"nc 127.0.0.1 9999" in its container ended with code 1: ${'y'.repeat(300)}…`,
    ],
    ['it does not count requests', altered('qcur,qmax,scur', 'qc,qm,sc'), otherForm],
    [
      'it counts the requests of another',
      altered('shop:web,eu-1:shop-web-1:abc,1', 'shop:web,other,1'),
      otherForm,
    ],
    ['its count is empty', altered(',1,0,4,9', ',,0,,9'), otherForm],
    ['its count is none', altered(',1,0,4,9', ',1,0,many,9'), otherForm],
    ['it does not say whom it leaves out', altered('srv_admin_state', 'srv_state'), otherForm],
    ['it does not say at which port', altered(' srv_port ', ' srv_at '), otherForm],
  ])('is not known when %s', async (_what, end, reason) => {
    expect((await ask([], end)).answer).toBe(reason);
  });

  it.each([
    ['another command', 'eu-1:x;shutdown sessions server:abc'],
    ['another line', 'eu-1:x\nclear:abc'],
    ['another word', 'eu-1:x y:abc'],
    ['a backslash', String.raw`eu-1:x\ y:abc`],
    ['a text that follows', 'eu-1:<<:abc'],
    ['more than a line takes', `eu-1:${'x'.repeat(20_000)}:abc`],
    ['nothing', ''],
  ])('is not told of a name with %s, which an engine may have made up', async (_what, name) => {
    const hostile: TrafficChange = { kind: 'admit-endpoint', endpoint: { ...endpoint, name } };

    const { answer: one, commands } = await ask([hostile, admit], whole);

    expect(commands.map((command) => command[3]?.split('; ').slice(0, -4))).toEqual([
      [
        `add server shop:web/${endpoint.name} 192.0.2.1:80 check inter 1s fall 2 rise 1`,
        `set server shop:web/${endpoint.name} addr 192.0.2.1 port 80`,
        `enable health shop:web/${endpoint.name}`,
        `set server shop:web/${endpoint.name} state ready`,
      ],
    ]);
    expect(one).toMatchObject({
      said: 'what has a name that is not one word for it was not said to it',
    });
  });
});
