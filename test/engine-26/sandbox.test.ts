import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { detectCgroups } from '../../src/sandbox/cgroups.ts';
import { holderOf } from '../../src/sandbox/holder.ts';
import { hostLayout, layoutOf } from '../../src/sandbox/layout.ts';
import { run } from '../../src/sandbox/command.ts';
import { eventually } from '../support/eventually.ts';
import { runFleetScript, spawnFleetScript } from '../support/fleet-script.ts';
import { sharedSandbox, shellOf } from '../support/sandbox.ts';
import { secondFolder } from '../support/second-folder.ts';

const shared = dirname(sharedSandbox().fleet);

describe('hosts with the engine of Debian 13', () => {
  it('run Docker 26.1', async () => {
    for (const host of sharedSandbox().hosts) {
      expect(await shellOf(host).version()).toMatchObject({
        Version: expect.stringMatching(/^26\.1\./),
        ApiVersion: '1.45',
      });
    }
  });

  it('cannot change the file system that they share, nor the machine’s', async () => {
    const host = hostLayout(layoutOf(shared), 1);
    const holder = holderOf(detectCgroups(), host) ?? expect.fail('the host is off');
    const inHost = (script: string): Promise<string> =>
      run('nsenter', ['-t', String(holder), '-m', 'sh', '-c', script]);

    await expect(inHost('touch /usr/of-a-host')).rejects.toThrow('Read-only file system');
    await inHost('touch /etc/of-a-host');

    const { system } = sharedSandbox();
    expect(existsSync(join(system ?? '', 'etc/of-a-host'))).toBe(false);
    expect(existsSync('/etc/of-a-host')).toBe(false);
  });
});

describe('a file system that is still being made', () => {
  const dir = secondFolder(shared);
  let cache: string;

  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'fleetwright-cache-'));
    vi.stubEnv('XDG_CACHE_HOME', cache);
  });
  afterEach(async () => {
    await runFleetScript('down', '--dir', dir);
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true, force: true });
  });

  const made = (): readonly string[] => readdirSync(join(cache, 'fleetwright'));
  const isThere = (file: string): boolean =>
    existsSync(join(cache, 'fleetwright')) &&
    made().some((name) => existsSync(join(cache, 'fleetwright', name, file)));
  /** Processes and mounts in which the cache is named. */
  const inUse = (): readonly string[] =>
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => ['cmdline', 'mounts'].some((file) => read(`/proc/${pid}/${file}`, cache)));

  it.each([
    { signal: 'SIGINT' as const, file: '' },
    { signal: 'SIGKILL' as const, file: 'usr/bin/dpkg' },
  ])('is gone after $signal to who makes it, with all that was at it', async ({ signal, file }) => {
    const up = spawnFleetScript('up', '--hosts', '1', '--engine', 'debian-13', '--dir', dir);
    await eventually('the first of it', async () => (isThere(file) ? true : null));

    process.kill(-(up.pid ?? Number.NaN), signal);
    await once(up, 'close');

    await eventually('the end of all', async () => (inUse().length === 0 ? true : null));
    await runFleetScript('down', '--dir', dir);
    expect(made()).toEqual([]);
  });
});

function read(path: string, text: string): boolean {
  try {
    return readFileSync(path, 'utf8').includes(text);
  } catch {
    return false;
  }
}
