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

  it.each(['0s', 'soon', '-5s'])('refuses %s for an interval', (pollInterval) => {
    const call = (): Settings => readSettings({ repository: 'x', pollInterval }, {});

    expect(call).toThrow(UsageError);
    expect(call).toThrow(`Cannot use --poll-interval "${pollInterval}"`);
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
