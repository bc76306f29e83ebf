import { mkdtemp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { SourceOptions } from '../../src/source/source-options.ts';
import { makeAuthority, makeCertificate } from './certificates.ts';
import type { Phase } from './git-faults.ts';
import type { GitServer } from './git-server.ts';
import { startGitServer } from './git-server.ts';
import type { ProgramFault, SshServer } from './ssh-server.ts';
import { startSshServer } from './ssh-server.ts';

export type ServerFaults = { readonly [phase in Phase]?: ProgramFault };

/** A repository below a folder, as it is reached over one transport. */
export interface Served extends AsyncDisposable {
  /** What a source is opened with. */
  facts(path: string): Pick<SourceOptions, 'repository'> & Partial<SourceOptions>;
  /** The repository cannot be reached until it is back. */
  stop(path: string): Promise<void>;
  start(path: string): Promise<void>;
  /** Null when it is read in place. */
  readonly server: FaultyServer | null;
}

/** A server that does wrong what it is told to. */
export interface FaultyServer {
  setFaults(faults: ServerFaults): Promise<void>;
  /** How many packs one `head()` has asked for since the last call. */
  packsOfOne(): Promise<number>;
}

/** In place. */
export async function serveLocally(): Promise<Served> {
  return {
    facts: (path) => ({ repository: path }),
    stop: (path) => rename(path, `${path}.away`),
    start: (path) => rename(`${path}.away`, path),
    server: null,
    async [Symbol.asyncDispose]() {},
  };
}

export async function serveOverHttp(root: string): Promise<Served> {
  const server = await startGitServer(root);
  return byHttp(root, server, {});
}

/** With an authority of its own, a client certificate and a bearer token: all that can be needed at once. */
export async function serveOverHttps(root: string): Promise<Served> {
  const folder = join(root, 'pki');
  const authority = await makeAuthority(folder, 'authority');
  const server = await makeCertificate(folder, 'server', authority, ['IP:127.0.0.1']);
  const client = await makeCertificate(folder, 'client', authority, ['DNS:operator']);
  const [cert, key, ca] = await Promise.all(
    [server.cert, server.key, authority.cert].map((file) => readFile(file)),
  );
  const rules = { requestCert: true, rejectUnauthorized: true };
  const running = await startGitServer(root, { cert, key, ca, ...rules });
  running.token = 'planted-over-https';
  running.scheme = 'Bearer';
  const tokenFile = join(root, 'token');
  await writeFile(tokenFile, `${running.token}\n`);
  const http = {
    caFile: authority.cert,
    clientCertFile: client.cert,
    clientKeyFile: client.key,
    tokenScheme: 'bearer',
  } as const;
  return byHttp(root, running, { tokenFile, http });
}

export async function serveOverSsh(root: string): Promise<Served> {
  return bySsh(await startSshServer(await mkdtemp(join(root, 'ssh-'))));
}

function byHttp(root: string, server: GitServer, more: Partial<SourceOptions>): Served {
  return {
    facts: (path) => ({ repository: server.url + path.slice(root.length), ...more }),
    stop: () => server.stop(),
    start: () => server.start(),
    server: {
      async setFaults(faults) {
        server.faults = { ...faults };
      },
      async packsOfOne() {
        return server.requests.splice(0).filter(({ phase }) => phase === 'pack').length;
      },
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function bySsh(server: SshServer): Served {
  const { keyFile, knownHostsFile } = server;
  return {
    facts: (path) => ({ repository: server.url(path), ssh: { keyFile, knownHostsFile } }),
    stop: () => server.stop(),
    start: () => server.start(),
    server: {
      setFaults: (faults) => server.setFaults(faults),
      // The first program lists the refs.
      packsOfOne: async () => (await server.takeCommands()).length - 1,
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
