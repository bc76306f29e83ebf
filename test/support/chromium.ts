import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findCommand, run } from '../../src/sandbox/command.ts';
import { canInstallPackages, installPackages } from '../../src/sandbox/packages.ts';

/** What a browser made of a page. */
export interface SeenPage {
  /** The document after its scripts have run. */
  readonly dom: string;
  /** What was written to the console, and what could not be loaded. */
  readonly console: readonly string[];
}

export async function ensureChromium(): Promise<void> {
  if (findCommand('chromium') !== null) return;
  if (!canInstallPackages()) throw new Error('These tests need a browser: install chromium');
  await installPackages(['chromium'], () => {});
}

/** Opens a page in a browser of its own. */
export async function seePage(
  url: string,
  { width, dark = false }: { readonly width: number; readonly dark?: boolean },
): Promise<SeenPage> {
  const profile = mkdtempSync(join(tmpdir(), 'fleetwright-chromium-'));
  try {
    const dom = await run('chromium', [...flags(profile, width, dark), '--dump-dom', url]);
    const said = readFileSync(join(profile, 'chrome_debug.log'), 'utf8').split('\n');
    return { dom, console: said.filter((line) => line.includes(':CONSOLE')) };
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

/** As root there is no sandbox to be had, and nothing of others is opened. */
function flags(profile: string, width: number, dark: boolean): readonly string[] {
  return [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--enable-logging',
    '--no-first-run',
    // What the browser itself would ask for stays on this machine.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    `--user-data-dir=${profile}`,
    `--window-size=${width},1000`,
    ...(dark ? ['--force-dark-mode', '--blink-settings=preferredColorScheme=0'] : []),
  ];
}
