import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const good = 'services:\n  web:\n    image: testapp:v1\n';

/** What is wrong, how to make it, and what must be said about it. */
interface BadInput {
  readonly what: string;
  readonly make: (repository: ConfigRepository) => Promise<unknown>;
  readonly code: number;
  readonly says: readonly (string | RegExp)[];
}

function manifest(text: string): BadInput['make'] {
  return (repository) => repository.write('shop/compose.yaml', text);
}

/** A key that is unknown, with that many below it. */
function withKeys(count: number): string {
  const keys = Array.from({ length: count }, (_, index) => `      K${index}: v`);
  return `services:\n  web:\n    image: testapp:v1\n    environmentt:\n${keys.join('\n')}\n`;
}

const manifests: readonly BadInput[] = [
  {
    what: 'broken YAML',
    make: manifest('services:\n  web: [\n'),
    code: 1,
    says: [/shop\/compose\.yaml:\d+:\d+: error/],
  },
  {
    what: 'an unknown key',
    make: manifest('services:\n  web:\n    image: testapp:v1\n    environmnt: {}\n'),
    code: 1,
    says: ['shop/compose.yaml:4:5', 'environmnt', 'did you mean "environment"'],
  },
  {
    what: 'a key that is not supported yet',
    make: manifest('services:\n  web:\n    image: testapp:v1\n    isolation: process\n'),
    code: 1,
    says: ['shop/compose.yaml:4:5', 'not supported yet'],
  },
  {
    what: 'a wrong type',
    make: manifest('services:\n  web:\n    image: [a]\n'),
    code: 1,
    says: ['shop/compose.yaml:3:12', 'must be string'],
  },
  {
    what: 'the same host port twice',
    make: manifest(
      'services:\n  a:\n    image: testapp:v1\n    ports: ["80:80"]\n  b:\n    image: testapp:v1\n    ports: ["80:81"]\n',
    ),
    code: 1,
    says: [/shop\/compose\.yaml:[47]:13/, '80'],
  },
  {
    what: 'an undefined network',
    make: manifest(`${good}    networks: [front]\n`),
    code: 1,
    says: ['shop/compose.yaml:4:16', 'front'],
  },
  {
    what: 'an undefined volume',
    make: manifest(`${good}    volumes: ["data:/data"]\n`),
    code: 1,
    says: ['shop/compose.yaml:4:15', 'data'],
  },
  {
    what: 'an undefined config',
    make: manifest(`${good}    configs: [nginx]\n`),
    code: 1,
    says: ['shop/compose.yaml:4:15', 'nginx'],
  },
  {
    what: 'a dependency cycle',
    make: manifest(
      'services:\n  a:\n    image: testapp:v1\n    depends_on: [b]\n  b:\n    image: testapp:v1\n    depends_on: [a]\n',
    ),
    code: 1,
    says: [/a → b → a|b → a → b|a -> b -> a/],
  },
  {
    what: 'a constraint that no host meets',
    make: manifest(
      `${good}    deploy:\n      placement:\n        constraints: [node.labels.zone == mars]\n`,
    ),
    code: 1,
    says: ['0 of 3 hosts', '3 constraint node.labels.zone == mars'],
  },
  {
    what: 'a manifest of 5 MiB',
    make: manifest(`${good}# ${'x'.repeat(5 * 2 ** 20)}\n`),
    code: 1,
    says: ['shop/compose.yaml', 'larger than 1024 KiB'],
  },
  {
    what: 'an alias bomb',
    make: manifest(
      [
        'x-0: &a0 [z, z, z, z, z, z, z, z, z, z]',
        ...Array.from(
          { length: 9 },
          (_, i) =>
            `x-${i + 1}: &a${i + 1} [${Array.from({ length: 10 }, () => `*a${i}`).join(', ')}]`,
        ),
        good,
      ].join('\n'),
    ),
    code: 1,
    says: ['shop/compose.yaml', 'alias'],
  },
  {
    what: '10,000 keys in one mapping',
    make: manifest(withKeys(10_000)),
    code: 1,
    says: ['shop/compose.yaml:4:5', 'did you mean "environment"'],
  },
  {
    what: 'more keys in one mapping than are read',
    make: manifest(withKeys(40_000)),
    code: 1,
    says: ['shop/compose.yaml:10005:', 'more than 10000 keys'],
  },
  {
    what: 'a manifest that is a symbolic link',
    make: async (repository) => {
      await mkdir(join(repository.dir, 'shop'));
      await symlink('/etc/passwd', join(repository.dir, 'shop/compose.yaml'));
    },
    code: 1,
    says: ['shop/compose.yaml', 'symbolic link'],
  },
  {
    what: 'a path that leaves the repository',
    make: manifest(`${good}    env_file: ../../secret.env\n`),
    code: 1,
    says: ['shop/compose.yaml:4:15', 'repository'],
  },
  {
    what: 'an image that does not exist',
    make: manifest('services:\n  web:\n    image: 127.0.0.1:1/nothing/here:v1\n'),
    code: 1,
    says: ['nothing/here:v1'],
  },
  {
    what: 'an image for another platform',
    make: manifest('services:\n  web:\n    image: testapp:arm64\n'),
    code: 1,
    says: ['linux/arm64', 'linux/amd64', 'testapp:arm64'],
  },
  {
    what: 'a missing fleet.yaml',
    make: async (repository) => {
      await repository.write('shop/compose.yaml', good);
      await rm(join(repository.dir, 'fleet.yaml'));
    },
    code: 1,
    says: ['fleet.yaml'],
  },
];

describe('bad input', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeEach(async () => {
    repository = await ConfigRepository.create('bad-input', hosts);
    commands = new Commands(repository, credentials);
  });
  afterEach(async () => {
    await repository[Symbol.asyncDispose]();
    await clearHosts(hosts, 'bad-input');
  });

  /** Everything on all hosts: what must be the same afterwards. */
  async function everything(): Promise<unknown> {
    return Promise.all(
      hosts.map(async (host) => {
        const engine = shellOf(host);
        const containers = await engine.listContainers({ all: true });
        const networks = await engine.listNetworks();
        const { Volumes } = await engine.listVolumes();
        const names = [...containers.map(({ Id }) => Id), ...networks.map(({ Id }) => Id)];
        return [...names, ...(Volumes ?? []).map(({ Name }) => Name)].toSorted();
      }),
    );
  }

  it.each(manifests)('$what: is said with its place and changes nothing', async (bad) => {
    await bad.make(repository);
    await repository.commit('bad');
    const before = await everything();

    const result = await commands.run('sync');

    const printed = `${result.stdout}\n${result.stderr}`;
    for (const text of bad.says) {
      if (typeof text === 'string') expect(printed).toContain(text);
      else expect(printed).toMatch(text);
    }
    expect(result.code, printed).toBe(bad.code);
    expect(await everything()).toEqual(before);
  });

  it('an empty repository: is said, exit 2', async () => {
    const result = await commands.run('sync');

    expect(result.stderr).toContain('no commit');
    expect(result.code).toBe(2);
  });

  it('a branch that does not exist: names those that do, exit 2', async () => {
    await repository.commit('first');

    const result = await commands.run('sync', '--branch=mian');

    expect(result.stderr).toContain('mian');
    expect(result.stderr).toContain('main');
    expect(result.code).toBe(2);
  });

  it('an unreachable host: is named with the reason, exit 3, and the other hosts stay as they are', async () => {
    await repository.write('shop/compose.yaml', good);
    await repository.git('add', '--all');
    const text = await repository.git('show', ':fleet.yaml');
    const [first] = hosts;
    await repository.write(
      'fleet.yaml',
      text.replace(`tcp://${first?.address}:2376`, 'tcp://127.0.0.1:9'),
    );
    await repository.commit('host gone');
    const before = await everything();

    const result = await commands.run('sync');

    expect(result.stderr).toContain('Cannot reach host "host-1"');
    expect(result.code).toBe(3);
    expect(await everything()).toEqual(before);
  });

  it('a client certificate of another authority: is said, exit 3', async () => {
    const copy = repository.beside('credentials');
    await cp(credentials, copy, { recursive: true });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const files = ['-keyout', join(copy, 'host-2/key.pem'), '-out', join(copy, 'host-2/cert.pem')];
    const request = ['req', '-x509', ...key, ...files, '-days', '1', '-subj', '/CN=nobody'];
    execFileSync('openssl', request, { stdio: 'ignore' });
    await chmod(join(copy, 'host-2/key.pem'), 0o600);
    await repository.write('shop/compose.yaml', good);
    await repository.commit('good');
    const before = await everything();

    const result = await new Commands(repository, copy).run('sync');

    expect(result.stderr).toContain('Cannot reach host "host-2"');
    expect(result.stderr).toMatch(/certificate/);
    expect(result.code).toBe(3);
    expect(await everything()).toEqual(before);
  });

  it('an unknown option or command: exit 2', async () => {
    expect((await commands.run('sync', '--branhc=main')).code).toBe(2);
    expect((await commands.run('synk')).code).toBe(2);
  });
});
