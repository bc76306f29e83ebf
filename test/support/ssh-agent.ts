import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { run } from '../../src/sandbox/command.ts';

/** A real ssh-agent that holds some keys. */
export interface SshAgent extends AsyncDisposable {
  readonly socket: string;
}

/** @param keys files of private keys without a passphrase */
export async function startSshAgent(socket: string, keys: readonly string[]): Promise<SshAgent> {
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  while (!(await isSocket(socket))) await sleep(10);
  for (const key of keys) await run('ssh-add', ['-q', key], { env: { SSH_AUTH_SOCK: socket } });
  return {
    socket,
    async [Symbol.asyncDispose]() {
      const ended = once(agent, 'exit');
      agent.kill();
      await ended;
    },
  };
}

async function isSocket(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isSocket(),
    () => false,
  );
}
