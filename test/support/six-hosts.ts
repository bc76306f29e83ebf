import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { enginePort } from '../../src/sandbox/engine.ts';
import { layoutOf } from '../../src/sandbox/layout.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxHost } from '../../src/sandbox/sandbox-host.ts';
import { sharedSandbox } from './sandbox.ts';
import { secondFolder } from './second-folder.ts';
import { startSshServer } from './ssh-server.ts';
import { startTcpRelay } from './tcp-relay.ts';

/** Each way: 50 ms there and back. */
const delayMs = 25;

const copying = { recursive: true, dereference: true } as const;

/**
 * Six real engines: the three that all tests share, and three more. `host-3` is reached over SSH, `host-6` over a line of
 * 50 ms. Disposing of them takes down the three more.
 */
export interface SixHosts extends AsyncDisposable {
  readonly hosts: readonly SandboxHost[];
  readonly credentials: string;
}

export async function bringUpSixHosts(images: readonly string[]): Promise<SixHosts> {
  const shared = sharedSandbox();
  const dir = secondFolder(dirname(shared.fleet));
  const made: AsyncDisposable[] = [];
  const takeDown = async (): Promise<void> => {
    for (const part of made.toReversed()) await part[Symbol.asyncDispose]();
  };
  try {
    const more = await startSandbox({ hosts: 3, dir, images });
    made.push(more);
    // It goes with the engines, whoever takes them down.
    const folder = join(layoutOf(dir).engines, 'ways');
    const credentials = join(folder, 'credentials');
    await cp(shared.credentials, credentials, copying);
    const added = more.hosts.map((host, index) => ({ ...host, name: `host-${index + 4}` }));
    for (const { name, env } of added) {
      await cp(env.DOCKER_CERT_PATH, join(credentials, name), copying);
    }
    const near = [...shared.hosts, ...added].filter(
      ({ name }) => name !== 'host-3' && name !== 'host-6',
    );
    const [third, sixth] = [shared.hosts[2], added[2]];
    if (third === undefined || sixth === undefined) throw new Error('there are not six hosts');
    const overSsh = await throughSsh(third, folder, credentials, made);
    const relay = await startTcpRelay({ host: sixth.address, port: enginePort }, delayMs);
    made.push(relay);
    const slow = { ...sixth, endpoint: `tcp://127.0.0.1:${relay.port}` };
    const hosts = [...near, overSsh, slow].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return { hosts, credentials, [Symbol.asyncDispose]: takeDown };
  } catch (error) {
    await takeDown();
    throw error;
  }
}

/** @param made takes what is to be disposed of */
async function throughSsh(
  host: SandboxHost,
  folder: string,
  credentials: string,
  made: AsyncDisposable[],
): Promise<SandboxHost> {
  const sshFolder = join(folder, 'ssh');
  await mkdir(sshFolder);
  const server = await startSshServer(sshFolder, host.inside());
  made.push(server);
  const relay = await startTcpRelay({ host: '127.0.0.1', port: server.port });
  made.push(relay);
  await copyFile(server.keyFile, join(credentials, host.name, 'id_ed25519'));
  const known = await readFile(server.knownHostsFile, 'utf8');
  const lines = known.replaceAll(server.name, `[127.0.0.1]:${relay.port}`);
  await writeFile(join(credentials, 'known_hosts'), lines);
  return {
    ...host,
    endpoint: `ssh://${server.user}@127.0.0.1:${relay.port}`,
    // Its sshd is reached past its cable.
    partition: async () => {
      relay.cut();
      await host.partition();
    },
    heal: async () => {
      await host.heal();
      relay.mend();
    },
  };
}
