import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, it } from 'vitest';

import { toContainerId, toHostName } from '../../../src/model/names.ts';
import { caddyRouter } from '../../../src/traffic/caddy-router.ts';
import { closingFile } from '../../../src/traffic/caddy-routes.ts';
import { eventually } from '../../support/eventually.ts';
import { installedProgram } from '../../support/installed-program.ts';
import { scratchFolder } from '../../support/git-repository.ts';

const state = [
  'HTTP/1.1 200 OK',
  '',
  '[{"@id":"shop:web","handle":[{"handler":"reverse_proxy"}]}]',
  'HTTP/1.1 200 OK',
  '',
  '[]',
].join('\r\n');

/** The command that changes something, which waits a second before it does, and prints what it would have sent. */
async function changeCommand(): Promise<readonly string[]> {
  let last: readonly string[] = [];
  const fleet = {
    ask: async (_host: string, _container: string, command: readonly string[]) => {
      last = command;
      return { exitCode: 0, output: Buffer.from(state) };
    },
  };
  const router = caddyRouter(fleet, { command: ['cat'] }, { ending: 1, settling: 0 });
  const proxy = { host: toHostName('eu-1'), container: toContainerId('c1') };
  const endpoint = { backend: 'shop:web', name: 'eu-1:web:abc', address: '192.0.2.1', port: 80 };
  const changes = [{ kind: 'admit-endpoint', endpoint } as const];
  await router.ask(proxy, changes, new AbortController().signal);
  return last;
}

it.each(['sh', 'busybox sh'])(
  'a change that is ended before it is made leaves no connection to be ended: %s',
  async (shell) => {
    await using folder = await scratchFolder();
    const file = join(folder.path, 'closing');
    const [, ...words] = (await changeCommand()).map((word) => word.replaceAll(closingFile, file));
    const [program = '', ...first] = shell.split(' ');
    const command = [...first, ...words];
    const child = spawn(await installedProgram(program), command, {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const said = text(child.stdout);
    const ended = once(child, 'exit');
    const isThere = (): Promise<true | null> =>
      access(file).then(
        () => true,
        () => null,
      );
    await eventually('it has begun', isThere);
    child.kill('SIGTERM');
    await ended;

    expect(await isThere()).toBeNull();
    expect(await said).not.toContain('PATCH');
  },
);
