import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { appendFile, chmod, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { findCommand, run } from '../../src/sandbox/command.ts';
import { canInstallPackages, installPackages } from '../../src/sandbox/packages.ts';
import type { BodyFault, Phase } from './git-faults.ts';
import { endOfList, spoiled } from './git-faults.ts';

/** What the program behind the server does wrong. */
export type ProgramFault = BodyFault | { readonly kind: 'hang' };

/** What the server itself does instead of speaking SSH: nothing, or something else. */
export type ServerMood = 'well' | 'silent' | 'garbage' | 'closing';

export const keyTypes = ['ed25519', 'rsa', 'ecdsa'] as const;

/** A real sshd on loopback, one process per connection, which lets in whoever has the key. */
export interface SshServer extends AsyncDisposable {
  readonly port: number;
  /** In known_hosts: `[127.0.0.1]:port`. */
  readonly name: string;
  readonly user: string;
  /** A private key that is let in. */
  readonly keyFile: string;
  /** Holds all host keys of the server. */
  readonly knownHostsFile: string;
  /** Where keys and settings are. */
  readonly folder: string;
  /** Connections that were accepted so far. */
  connections: number;
  mood: ServerMood;
  /** URL of a repository by its folder. */
  url(path: string): string;
  /** The line of known_hosts for one of its host keys. */
  hostKeyLine(type: (typeof keyTypes)[number]): Promise<string>;
  /** The commands that were run since the last call, in their order. */
  takeCommands(): Promise<readonly string[]>;
  /** Sets what the programs do wrong from now on; an empty one makes them well. */
  setFaults(faults: { readonly [phase in Phase]?: ProgramFault }): Promise<void>;
  /** Writes settings of sshd_config(5) for the connections to come; the first of each kind counts. */
  configure(settings: readonly string[]): Promise<void>;
  /** Lets a key in, given as a line of authorized_keys. */
  authorize(publicKey: string): Promise<void>;
  /** Ends the connections that there are. */
  disconnect(): void;
  /** Ends all connections and takes no more, until it is started again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * @param folder empty, and removed by the caller
 * @param inside the beginning of a command line whose command is to run on another host
 */
export async function startSshServer(
  folder: string,
  inside: readonly string[] = [],
): Promise<SshServer> {
  const sshd = await sshdPath();
  // As root it wants a folder to lock itself into, which the system's own service would make.
  if (process.geteuid?.() === 0) await run('env', [...inside, 'mkdir', '-p', '/run/sshd']);
  const files = {
    config: join(folder, 'sshd_config'),
    authorized: join(folder, 'authorized_keys'),
    commands: join(folder, 'commands'),
    program: join(folder, 'program'),
    socket: join(folder, 'faulty.socket'),
    flag: join(folder, 'faulty'),
  };
  const keyFile = await makeKey(join(folder, 'client'), 'ed25519');
  const hostKeys = await Promise.all(
    keyTypes.map((type) => makeKey(join(folder, `host-${type}`), type)),
  );
  const user = userInfo().username;
  const children = new Set<ChildProcess>();
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    state.connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    if (state.mood === 'silent') return;
    if (state.mood === 'closing') return void socket.destroy();
    if (state.mood === 'garbage') return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    const child = spawn('env', [...inside, sshd, '-i', '-e', '-f', files.config], {
      stdio: [socket, socket, 'ignore'],
    });
    children.add(child);
    child.on('exit', () => children.delete(child));
    // The process has it now.
    socket.destroy();
  });
  const faulty: FaultyPrograms = { faults: {}, breakOff: () => state.disconnect() };
  const programs = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    void relay(socket, faulty);
  });
  const port = await listen(server, 0);
  await new Promise<void>((resolve) => programs.listen(files.socket, resolve));
  const name = `[127.0.0.1]:${port}`;
  const writeConfig = (settings: readonly string[]): Promise<void> =>
    writeFile(files.config, configText(settings, hostKeys, files));
  const state: SshServer = {
    port,
    name,
    user,
    keyFile,
    knownHostsFile: join(folder, 'known_hosts'),
    folder,
    connections: 0,
    mood: 'well',
    url: (path) => `ssh://${user}@127.0.0.1:${port}${path}`,
    hostKeyLine: async (type) => `${name} ${await publicKey(join(folder, `host-${type}`))}\n`,
    async takeCommands() {
      const text = await readFile(files.commands, 'utf8');
      await writeFile(files.commands, '');
      return text.split('\n').filter((line) => line !== '');
    },
    async setFaults(faults) {
      faulty.faults = faults;
      if (Object.keys(faults).length === 0) await rm(files.flag, { force: true });
      else await writeFile(files.flag, '');
    },
    configure: writeConfig,
    authorize: (publicKey) => appendFile(files.authorized, publicKey),
    disconnect() {
      for (const child of children) child.kill('SIGKILL');
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      state.disconnect();
      await new Promise((resolve) => server.close(resolve));
    },
    async start() {
      await listen(server, port);
    },
    async [Symbol.asyncDispose]() {
      await state.stop();
      await new Promise((resolve) => programs.close(resolve));
    },
  };
  await writeConfig([]);
  await writeFile(files.commands, '');
  await writeFile(files.program, programText(files));
  await chmod(files.program, 0o755);
  await writeFile(files.authorized, `${await publicKey(keyFile)}\n`);
  const lines = await Promise.all(keyTypes.map((type) => state.hostKeyLine(type)));
  await writeFile(state.knownHostsFile, lines.join(''));
  return state;
}

/**
 * Makes a key pair without a passphrase, or with one, and gives the file of the private half.
 *
 * @param type as ssh-keygen names it, with the number of bits where there is a choice: `ecdsa-521`
 */
export async function makeKey(file: string, type: string, passphrase = ''): Promise<string> {
  const [name = '', bits = name === 'rsa' ? '2048' : ''] = type.split('-');
  const size = bits === '' ? [] : ['-b', bits];
  await run('ssh-keygen', ['-q', '-t', name, ...size, '-N', passphrase, '-C', 'test', '-f', file]);
  return file;
}

/** Type and key of a pair, as in authorized_keys. */
export async function publicKey(file: string): Promise<string> {
  const [type, key] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
  return `${type} ${key}`;
}

async function sshdPath(): Promise<string> {
  if (findCommand('sshd') === null) {
    if (!canInstallPackages()) throw new Error('These tests need sshd: install openssh-server');
    await installPackages(['openssh-server'], () => {});
  }
  const found = findCommand('sshd');
  if (found === null) throw new Error('there is no sshd, and it cannot be installed');
  return found;
}

interface Files {
  readonly authorized: string;
  readonly commands: string;
  readonly program: string;
  readonly socket: string;
  readonly flag: string;
}

function configText(
  settings: readonly string[],
  hostKeys: readonly string[],
  files: Files,
): string {
  const own = [
    ...hostKeys.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${files.authorized}`,
    `ForceCommand ${files.program}`,
    'AcceptEnv GIT_PROTOCOL',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    'PrintMotd no',
    'LogLevel QUIET',
  ];
  return `${[...settings, ...own].join('\n')}\n`;
}

/** Runs what was asked for, unless it is to go wrong. */
function programText({ commands, flag, socket }: Files): string {
  const stand = join(import.meta.dirname, 'ssh-program.mjs');
  return `#!/bin/sh
echo "$SSH_ORIGINAL_COMMAND" >>'${commands}'
[ -e '${flag}' ] && exec '${process.execPath}' '${stand}' '${socket}'
exec sh -c "$SSH_ORIGINAL_COMMAND"
`;
}

interface FaultyPrograms {
  faults: { readonly [phase in Phase]?: ProgramFault };
  /** Breaks the connection that the program speaks over. */
  readonly breakOff: () => void;
}

/** Runs a command for `ssh-program.mjs`, and spoils the part of what it says that is to be spoiled. */
async function relay(socket: Socket, { faults, breakOff }: FaultyPrograms): Promise<void> {
  const { command, protocol, rest } = await readOrder(socket);
  const child = spawn('sh', ['-c', command], {
    env: { ...process.env, GIT_PROTOCOL: protocol },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => {});
  socket.on('close', () => child.kill());
  const send = (bytes: Buffer, fault: ProgramFault | undefined): void => {
    if (fault === undefined) socket.write(bytes);
    else if (fault.kind === 'break') socket.write(spoiled(bytes, fault), breakOff);
    else if (fault.kind !== 'hang') socket.end(spoiled(bytes, fault));
  };
  const output = readerOf(child.stdout);
  send(await output.until((bytes) => endOfList(bytes) !== undefined), faults.refs);
  if (faults.refs !== undefined) return;
  const question = Buffer.concat([rest, await readerOf(socket).until(() => false)]);
  child.stdin.end(question);
  const isPush = command.startsWith('git-receive-pack');
  const phase = isPush ? 'push' : question.includes('want ') ? 'pack' : 'refs';
  send(await output.until(() => false), faults[phase]);
  if (faults[phase] === undefined) socket.end();
}

interface Order {
  readonly command: string;
  readonly protocol: string;
  /** What came after it already. */
  readonly rest: Buffer;
}

async function readOrder(socket: Socket): Promise<Order> {
  const bytes = await readerOf(socket).until((seen) => seen.includes('\n'));
  const end = bytes.indexOf('\n');
  const order = JSON.parse(bytes.toString('utf8', 0, end)) as Omit<Order, 'rest'>;
  return { ...order, rest: bytes.subarray(end + 1) };
}

interface Reader {
  /** What came since the last call, up to when it is enough, or the end. */
  until(isEnough: (bytes: Buffer) => boolean): Promise<Buffer>;
}

function readerOf(stream: NodeJS.ReadableStream): Reader {
  return {
    until: (isEnough) =>
      new Promise((resolve) => {
        let seen = Buffer.alloc(0);
        const settle = (): void => {
          stream.pause();
          stream.off('data', onData).off('end', settle).off('close', settle);
          resolve(seen);
        };
        const onData = (chunk: Buffer): void => {
          seen = Buffer.concat([seen, chunk]);
          if (isEnough(seen)) settle();
        };
        stream.on('data', onData).on('end', settle).on('close', settle);
        stream.resume();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
