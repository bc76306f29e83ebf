import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { installedProgram } from './installed-program.ts';

/** A Prometheus on loopback that watches itself. */
export class Prometheus implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  /** It answers, and has looked at itself. */
  static async start(): Promise<Prometheus> {
    const program = await installedProgram('prometheus');
    const folder = await mkdtemp(join(tmpdir(), 'fleetwright-prometheus-'));
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const config = join(folder, 'prometheus.yml');
    const self = `{ job_name: self, scrape_interval: 1s, static_configs: [{ targets: ["${address}"] }] }`;
    await writeFile(config, `scrape_configs: [${self}]\n`);
    const options = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ];
    const child = spawn(program, options, { stdio: 'ignore' });
    const prometheus = new Prometheus(`http://${address}`, child, folder);
    try {
      await prometheus.#isUp();
      return prometheus;
    } catch (error) {
      await prometheus[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
  }

  async #isUp(): Promise<void> {
    const seen = async (): Promise<true | null> => {
      const answer = await fetch(`${this.url}/api/v1/query?query=up`).catch(() => null);
      const text = (await answer?.text()) ?? '';
      return text.includes('"1"') ? true : null;
    };
    await eventually('Prometheus has looked at itself', seen, 60_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
