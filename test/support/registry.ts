import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findCommand, run } from '../../src/sandbox/command.ts';
import { installPackages } from '../../src/sandbox/packages.ts';
import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { shellOf } from './sandbox.ts';

const command = 'docker-registry';

/** A real registry on the network that the hosts of a sandbox share, so that they trust it without TLS. */
export class Registry implements AsyncDisposable {
  /** `10.77.3.1:5000` */
  readonly address: string;
  readonly #dir: string;
  readonly #account: RegistryAccount | null;
  #process: ChildProcess | null = null;

  private constructor(address: string, dir: string, account: RegistryAccount | null) {
    this.address = address;
    this.#dir = dir;
    this.#account = account;
  }

  /** @param account the only one that may do anything; without it everybody may */
  static async start(
    hosts: readonly HostDescription[],
    account: RegistryAccount | null = null,
  ): Promise<Registry> {
    if (findCommand(command) === null) await installPackages([command], say);
    const gateway = (hosts[0]?.address ?? '').replace(/\d+$/, '1');
    const dir = await mkdtemp(join(tmpdir(), 'fleetwright-registry-'));
    const port = await freePort(gateway);
    const registry = new Registry(`${gateway}:${port}`, dir, account);
    const lines = [
      'version: 0.1',
      `storage: { filesystem: { rootdirectory: ${dir}/data } }`,
      `http: { addr: "${registry.address}" }`,
      'log: { level: error }',
    ];
    if (account !== null) {
      await writeFile(join(dir, 'htpasswd'), await passwordLine(account));
      lines.push(`auth: { htpasswd: { realm: test, path: ${dir}/htpasswd } }`);
    }
    await writeFile(join(dir, 'config.yml'), lines.join('\n'));
    await registry.resume();
    return registry;
  }

  /** Gives a name to an image that a host has, and pushes it; the host forgets the name again. Gives the digest. */
  async publish(host: HostDescription, image: string, name: string): Promise<string> {
    const engine = shellOf(host);
    const at = name.lastIndexOf(':');
    const repo = `${this.address}/${name.slice(0, at)}`;
    const reference = `${this.address}/${name}`;
    await engine.getImage(image).tag({ repo, tag: name.slice(at + 1) });
    const pushing = await engine.getImage(reference).push({ authconfig: this.#login() });
    await new Promise<void>((resolve, reject) => {
      engine.modem.followProgress(pushing, (error) => (error === null ? resolve() : reject(error)));
    });
    const { RepoDigests } = await engine.getImage(image).inspect();
    const digest = RepoDigests.find((each) => each.startsWith(`${repo}@`));
    await engine.getImage(reference).remove();
    if (digest === undefined) throw new Error(`"${reference}" was pushed and has no digest`);
    return digest.slice(digest.indexOf('@') + 1);
  }

  #login(): RegistryAccount & { readonly serveraddress: string } {
    const nobody = { username: '', password: '', serveraddress: '' };
    return this.#account === null ? nobody : { ...this.#account, serveraddress: this.address };
  }

  /** Takes a tag away, as a clean-up of the registry does; what was pulled stays with those who have it. */
  async forget(name: string): Promise<void> {
    const [repository, tag] = name.split(':');
    const tags = `data/docker/registry/v2/repositories/${repository}/_manifests/tags`;
    await rm(join(this.#dir, tags, tag ?? ''), { recursive: true });
  }

  /** Nobody answers at its address from now on. */
  async end(): Promise<void> {
    const process = this.#process;
    if (process === null) return;
    this.#process = null;
    const closed = once(process, 'close');
    process.kill('SIGKILL');
    await closed;
  }

  /** Starts it, with all that was pushed. */
  async resume(): Promise<void> {
    const config = join(this.#dir, 'config.yml');
    this.#process = spawn(command, ['serve', config], { stdio: 'ignore' });
    await eventually('the registry to answer', () => isUp(this.address));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

export interface RegistryAccount {
  readonly username: string;
  readonly password: string;
}

/** As htpasswd(1) writes it with bcrypt, which the registry wants; Perl's crypt is on every Debian. */
async function passwordLine({ username, password }: RegistryAccount): Promise<string> {
  const salt = '$2b$05$abcdefghijklmnopqrstuu';
  const hash = await run('perl', ['-e', 'print crypt($ARGV[0], $ARGV[1])', password, salt]);
  return `${username}:${hash}\n`;
}

async function isUp(address: string): Promise<true | null> {
  try {
    const { status } = await fetch(`http://${address}/v2/`);
    return status === 200 || status === 401 ? true : null;
  } catch {
    return null;
  }
}

function say(line: string): void {
  process.stderr.write(`engine: ${line}\n`);
}
