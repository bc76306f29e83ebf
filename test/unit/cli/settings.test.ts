import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Settings, SettingsFlags } from '../../../src/cli/settings.ts';
import { environmentName, readSettings } from '../../../src/cli/settings.ts';
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
      repository: '/srv/fleet',
      branch: 'main',
      path: '',
      state: resolve('.fleetwright'),
      credentials: null,
      tokenFile: null,
      username: null,
      nonFastForward: 'refuse',
      planRequireApproved: false,
      http: {},
      ssh: {},
      pollIntervalMs: 30_000,
      resyncIntervalMs: 60_000,
      logLevel: null,
    });
  });

  it('lets a flag win over the environment, and that over the file', () => {
    const text = 'repository: file\nbranch: file\nusername: file';
    const environment = {
      FLEETWRIGHT_REPOSITORY: 'environment',
      FLEETWRIGHT_BRANCH: 'environment',
    };

    expect(read(text, { repository: 'flag' }, environment)).toMatchObject({
      repository: 'flag',
      branch: 'environment',
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
    ['another scheme', { tokenScheme: 'digest' }, 'Cannot use --token-scheme "digest"'],
    ['half a GitHub App', { githubAppId: '1' }, 'Cannot use a GitHub App: it takes githubAppId'],
  ])('refuses %s', (_name, flags, message) => {
    expect(() => read('repository: x', flags)).toThrow(UsageError);
    expect(() => read('repository: x', flags)).toThrow(message);
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
