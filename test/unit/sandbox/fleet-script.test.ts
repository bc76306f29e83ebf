import { describe, expect, it } from 'vitest';

import { runFleetScript } from '../../support/fleet-script.ts';

describe('npm run fleet', () => {
  it.each([
    { args: ['up'], says: "'--dir <dir>' not specified" },
    { args: ['up', '--dir', '/nowhere', '--hosts', 'many'], says: 'number from 1 to 200' },
    { args: ['up', '--dir', '/nowhere', '--hosts', '0'], says: 'number from 1 to 200' },
    { args: ['up', '--dir', '/nowhere', '--force'], says: "unknown option '--force'" },
    { args: ['up', '--dir', '/nowhere', '--engine', 'debian-11'], says: 'installed, debian-13' },
    { args: ['sideways'], says: "unknown command 'sideways'" },
  ])('refuses "$args"', async ({ args, says }) => {
    const result = await runFleetScript(...args);

    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(says);
  });

  it('--help says what it does', async () => {
    const [all, up] = await Promise.all([runFleetScript('--help'), runFleetScript('up', '--help')]);

    expect(all.code).toBe(0);
    expect(all.stdout).toContain('bring up a fleet');
    expect(up.stdout).toContain('Docker 26.1 of Debian 13');
  });
});
