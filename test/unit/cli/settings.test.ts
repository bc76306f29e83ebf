import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Settings, SettingsFlags } from '../../../src/cli/settings.ts';
import { readAllSettings, readSettings, readStateDir } from '../../../src/cli/settings.ts';
import { environmentName } from '../../../src/cli/said.ts';
import { UsageError } from '../../../src/model/errors.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleetwright-settings-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(
  text: string,
  flags: SettingsFlags = {},
  environment: Record<string, string> = {},
): Settings {
  const config = join(folder, 'fleetwright.yaml');
  writeFileSync(config, text);
  return readSettings({ config, ...flags }, environment);
}

describe('readSettings()', () => {
  it('fills in what is not said', () => {
    expect(read('repository: /srv/fleet')).toEqual({
      source: null,
      repository: '/srv/fleet',
      ref: { kind: 'branch', name: 'main' },
      path: '',
      state: resolve('.fleetwright'),
      credentials: null,
      tokenFile: null,
      username: null,
      nonFastForward: 'refuse',
      planRequireApproved: false,
      http: {},
      ssh: {},
      submodules: { rule: { kind: 'off' }, others: [] },
      signing: null,
      webhooks: null,
      receivers: [],
      pollIntervalMs: 30_000,
      resyncIntervalMs: 60_000,
      historyBudget: 67_108_864,
      logLevel: null,
    });
  });

  it('takes the budget of the history as bytes, with a unit or without', () => {
    expect(read('repository: x\nhistoryBudget: 16m').historyBudget).toBe(16 * 1024 ** 2);
    expect(read('repository: x\nhistoryBudget: 2000000').historyBudget).toBe(2_000_000);
    expect(() => read('repository: x\nhistoryBudget: 2k')).toThrow(
      'Cannot use --history-budget "2k": it must be 1m at least',
    );
    expect(() => read('repository: x\nhistoryBudget: much')).toThrow('"much" is not a size');
  });

  it('lets a flag win over the environment, and that over the file', () => {
    const text = 'repository: file\nbranch: file\nusername: file';
    const environment = {
      FLEETWRIGHT_REPOSITORY: 'environment',
      FLEETWRIGHT_BRANCH: 'environment',
    };

    expect(read(text, { repository: 'flag' }, environment)).toMatchObject({
      repository: 'flag',
      ref: { kind: 'branch', name: 'environment' },
      username: 'file',
    });
  });

  it('makes paths absolute and durations numbers', () => {
    const text = 'repository: x\nstate: state\ntokenFile: token\npollInterval: 5m\npath: /apps/';

    expect(read(text)).toMatchObject({
      state: resolve('state'),
      tokenFile: resolve('token'),
      pollIntervalMs: 300_000,
      path: 'apps',
    });
  });

  it('needs no file when none is named', () => {
    expect(readSettings({ repository: 'x' }, {}).repository).toBe('x');
  });

  it.each([
    ['an unknown key', 'repository: x\nrepo: y', 'does not know "repo"'],
    ['a value of the wrong type', 'repository: 5', 'at /repository must be string'],
    ['a list', '- repository: x', 'must be object'],
    ['what is no YAML', 'repository: [', 'Cannot read the configuration'],
    ['no repository', 'branch: main', 'No repository is named: pass --repository'],
    ['an empty file', '', 'No repository is named'],
  ])('refuses %s', (_name, text, message) => {
    expect(() => read(text)).toThrow(UsageError);
    expect(() => read(text)).toThrow(message);
  });

  it('names the file that is wrong or missing', () => {
    expect(() => read('repo: y')).toThrow(join(folder, 'fleetwright.yaml'));
    const config = join(folder, 'missing.yaml');
    expect(() => readSettings({ config }, {})).toThrow(`"${config}"`);
  });

  it('asks for approved plans where the file, the environment or a flag says so', () => {
    const text = 'repository: x\nplanRequireApproved: true';
    const environment = { FLEETWRIGHT_PLAN_REQUIRE_APPROVED: 'false' };

    expect(read(text).planRequireApproved).toBe(true);
    expect(read(text, {}, environment).planRequireApproved).toBe(false);
    expect(read(text, { planRequireApproved: 'true' }, environment).planRequireApproved).toBe(true);
    expect(() => read(text, { planRequireApproved: 'yes' })).toThrow(UsageError);
  });

  it.each(['0s', 'soon', '-5s'])('refuses %s for an interval', (pollInterval) => {
    const call = (): Settings => readSettings({ repository: 'x', pollInterval }, {});

    expect(call).toThrow(UsageError);
    expect(call).toThrow(`Cannot use --poll-interval "${pollInterval}"`);
  });
});

describe('readSettings() on what is followed', () => {
  const id = 'ab'.repeat(20);

  it.each([
    ['branch: next', { kind: 'branch', name: 'next' }],
    ['tag: v1.4.2', { kind: 'tag', name: 'v1.4.2' }],
    ['semver: ">=1.4.0 <2"', { kind: 'semver', range: '>=1.4.0 <2', tagPrefix: '' }],
    ['{ semver: 1.x, tagPrefix: prod/ }', { kind: 'semver', range: '1.x', tagPrefix: 'prod/' }],
    [`commit: ${id.toUpperCase()}`, { kind: 'commit', id }],
  ])('reads %s', (text, ref) => {
    expect(read(text, { repository: 'x' }).ref).toEqual(ref);
  });

  it('refuses two of them that are said in one place', () => {
    expect(() => read('tag: v1\nsemver: 1.x', { repository: 'x' })).toThrow(
      'Cannot follow both tag "v1" and semver "1.x": say one of branch, tag, semver and commit',
    );
  });

  it('takes what a flag says in place of what the environment or the file says, with its prefix', () => {
    const text = 'repository: x\nsemver: 1.x\ntagPrefix: prod/';

    expect(read(text, { tag: 'v1' }).ref).toEqual({ kind: 'tag', name: 'v1' });
    expect(read(text, {}, { FLEETWRIGHT_COMMIT: id }).ref).toEqual({ kind: 'commit', id });
    expect(read(text, { semver: '2.x' }).ref).toMatchObject({ range: '2.x', tagPrefix: 'prod/' });
    expect(
      read('tagPrefix: prod/\nsources: { a: { repository: x, semver: 1.x } }').ref,
    ).toMatchObject({ range: '1.x', tagPrefix: 'prod/' });
    expect(
      read('semver: 1.x\nsources: { a: { repository: x, tagPrefix: shop/ } }').ref,
    ).toMatchObject({ range: '1.x', tagPrefix: 'shop/' });
    expect(read('branch: trunk\nsources: { a: { repository: x, tag: v1 } }').ref).toEqual({
      kind: 'tag',
      name: 'v1',
    });
  });

  it('refuses a prefix of tags where no versions are followed', () => {
    expect(() => read('repository: x\ntagPrefix: prod/')).toThrow(
      'Cannot use tagPrefix "prod/" with branch "main"',
    );
  });
});

describe('readSettings() on how the repository is reached', () => {
  it('takes what HTTP needs, numbers as numbers or texts', () => {
    const text = `
repository: https://git.example.com/fleet.git
tokenScheme: bearer
githubAppId: 12345
githubInstallationId: '678'
githubAppKeyFile: app.pem
caFile: ca.pem
clientCertFile: cert.pem
clientKeyFile: key.pem
proxy: http://proxy.example.com:3128
proxyBypass: localhost,.example.org
`;

    expect(read(text, { proxyCredentialsFile: 'who' }).http).toEqual({
      tokenScheme: 'bearer',
      githubApp: {
        appId: '12345',
        installationId: '678',
        keyFile: resolve('app.pem'),
        apiUrl: 'https://api.github.com',
      },
      caFile: resolve('ca.pem'),
      clientCertFile: resolve('cert.pem'),
      clientKeyFile: resolve('key.pem'),
      proxy: {
        url: 'http://proxy.example.com:3128',
        credentialsFile: resolve('who'),
        bypass: 'localhost,.example.org',
      },
    });
  });

  it('takes what SSH needs', () => {
    const text =
      'repository: git@x:y\nsshKeyFile: id\nsshPassphraseFile: pass\nsshAgent: /run/agent\nknownHostsFile: known';

    expect(read(text).ssh).toEqual({
      keyFile: resolve('id'),
      passphraseFile: resolve('pass'),
      agent: '/run/agent',
      knownHostsFile: resolve('known'),
    });
  });

  it.each([
    ['same-host', { kind: 'same-host' }],
    ['https://git.example.com', { kind: 'below', places: ['https://git.example.com'] }],
    [
      'git@git.example.com:team/, ssh://git.example.com:22/x.git,/srv/git/',
      {
        kind: 'below',
        places: ['ssh://git@git.example.com/~/team', 'ssh://git@git.example.com/x.git', '/srv/git'],
      },
    ],
  ])('takes which submodules are followed: %s', (submodules, rule) => {
    expect(read('repository: x', { submodules }).submodules.rule).toEqual(rule);
  });

  it('takes what signs commits', () => {
    const text = 'repository: x\nsigningKeyFile: id\nsigningPassphraseFile: pass';

    expect(read(text).signing).toEqual({
      keyFile: resolve('id'),
      passphraseFile: resolve('pass'),
    });
  });

  it('takes what webhooks need', () => {
    expect(read('repository: x\nlisten: "8484"\nwebhookSecretFile: hook').webhooks).toEqual({
      listen: { host: '127.0.0.1', port: 8484 },
      secretFile: resolve('hook'),
    });
  });

  it.each([
    ['another scheme', { tokenScheme: 'digest' }, 'Cannot use --token-scheme "digest"'],
    ['a passphrase of no key', { signingPassphraseFile: 'x' }, 'Cannot sign commits'],
    ['half of what webhooks need', { listen: '8484' }, 'it takes listen and webhookSecretFile'],
    ['no address', { listen: 'here', webhookSecretFile: 'x' }, 'Cannot use --listen "here"'],
    ['a word for submodules', { submodules: 'on' }, 'Cannot use --submodules "on"'],
    ['submodules of a scheme', { submodules: 'ext::sh://x' }, 'Cannot use --submodules "ext'],
    ['half a GitHub App', { githubAppId: '1' }, 'Cannot use a GitHub App: it takes githubAppId'],
  ])('refuses %s', (_name, flags, message) => {
    expect(() => read('repository: x', flags)).toThrow(UsageError);
    expect(() => read('repository: x', flags)).toThrow(message);
  });
});

describe('several sources', () => {
  const text = `
state: state
branch: trunk
tokenFile: token
sources:
  shop: { repository: /srv/shop }
  infra: { repository: /srv/infra, branch: production, tokenFile: other }
`;
  const all = (flags: SettingsFlags = {}): readonly Settings[] => {
    writeFileSync(join(folder, 'fleetwright.yaml'), text);
    return readAllSettings({ config: join(folder, 'fleetwright.yaml'), ...flags }, {});
  };

  it('tell whom they name themselves, or else those who are named outside', () => {
    const config = join(folder, 'fleetwright.yaml');
    writeFileSync(
      config,
      `notifications: [{ name: ops, type: slack, urlFile: u }]
sources:
  a: { repository: x }
  b: { repository: y, notifications: [{ name: team, type: slack, urlFile: v }] }
`,
    );

    const names = readAllSettings({ config }, {}).map(({ receivers }) => receivers[0]?.name);

    expect(names).toEqual(['ops', 'team']);
    expect(() => read('repository: x\nnotifications: [{ name: a, type: pigeon }]')).toThrow(
      'at /notifications/0/type',
    );
  });

  it('have a state each, and what stands outside where they do not say it themselves', () => {
    expect(all()).toMatchObject([
      {
        source: 'shop',
        repository: '/srv/shop',
        ref: { kind: 'branch', name: 'trunk' },
        tokenFile: resolve('token'),
        state: resolve('state/sources/shop'),
      },
      {
        source: 'infra',
        repository: '/srv/infra',
        ref: { kind: 'branch', name: 'production' },
        tokenFile: resolve('other'),
        state: resolve('state/sources/infra'),
      },
    ]);
  });

  it('have each the credentials for submodules that another one follows', () => {
    const [shop] = all({ submodules: 'https://git.example.com/' });

    expect(shop?.submodules.others).toMatchObject([
      { repository: '/srv/infra', tokenFile: resolve('other') },
    ]);
  });

  it('are chosen by name, in a flag or in the environment', () => {
    const config = join(folder, 'fleetwright.yaml');

    expect(read(text, { source: 'infra' }).repository).toBe('/srv/infra');
    expect(read(text, {}, { FLEETWRIGHT_SOURCE: 'infra' }).repository).toBe('/srv/infra');
    expect(all({ source: 'infra' })).toHaveLength(1);
    expect(readStateDir({ config, source: 'shop' }, {})).toBe(resolve('state/sources/shop'));
  });

  it('need no name when there is one', () => {
    expect(read('sources: { shop: { repository: x } }').source).toBe('shop');
  });

  it.each<[string, string, SettingsFlags, string]>([
    ['none is named', text, {}, 'say which one with --source, of shop, infra'],
    ['another is named', text, { source: 'web' }, 'the source "web": there are shop, infra'],
    ['there are none', 'repository: x', { source: 'web' }, 'the configuration names no sources'],
    ['a flag is for all', text, { source: 'shop', repository: 'x' }, 'Cannot use --repository'],
    ['one says nothing', 'sources: { shop: {} }', {}, 'for the source "shop"'],
    ['one has a state', 'sources: { shop: { state: x } }', {}, 'at /sources/shop'],
    ['a name is none', 'sources: { "a b": { repository: x } }', {}, 'at /sources'],
  ])('are refused when %s', (_name, config, flags, message) => {
    expect(() => read(config, flags)).toThrow(UsageError);
    expect(() => read(config, flags)).toThrow(message);
  });
});

describe('readSettings() on the level of the log', () => {
  it('knows its levels', () => {
    expect(readSettings({ repository: 'x', logLevel: 'warn' }, {}).logLevel).toBe('warn');
  });

  it('refuses another', () => {
    const refusal = 'Cannot use --log-level "loud"';

    expect(() => readSettings({ repository: 'x', logLevel: 'loud' }, {})).toThrow(refusal);
  });
});

describe('environmentName()', () => {
  it.each([
    ['repository', 'FLEETWRIGHT_REPOSITORY'],
    ['tokenFile', 'FLEETWRIGHT_TOKEN_FILE'],
  ])('of %s is %s', (key, name) => {
    expect(environmentName(key)).toBe(name);
  });
});
