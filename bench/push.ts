/**
 * From the end of a `git push` to a running container of the new version: `npm run bench:push -- --runs 10`. Each way to reach
 * the repository in turn, and beside them a bare script that makes and starts the same container when it is told to.
 */
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

import { startSandbox } from '../src/sandbox/sandbox.ts';
import { connectEngine, type HostDescription } from '../src/sandbox/sandbox-host.ts';
import { startDaemon } from '../test/support/command-line.ts';
import { ConfigRepository } from '../test/support/config-repository.ts';
import { eventually } from '../test/support/eventually.ts';
import { startGitServer } from '../test/support/git-server.ts';
import { startSshServer } from '../test/support/ssh-server.ts';
import { middle } from './measure.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const runs = Number(values.runs);
const run = promisify(execFile);
const secret = 'bench';

/** How a repository is reached, and who says that something was pushed. */
interface Way {
  readonly name: string;
  readonly url: string;
  readonly options: readonly string[];
  readonly hasWebhook: boolean;
}

const dir = await mkdtemp(join(tmpdir(), 'fleetwright-bench-'));
try {
  await using sandbox = await startSandbox({ hosts: 1, dir: join(dir, 'fleet') });
  const [host] = sandbox.hosts;
  if (host === undefined) throw new Error('The sandbox has no host');
  await using http = await startGitServer(dir);
  await mkdir(join(dir, 'ssh'));
  await using ssh = await startSshServer(join(dir, 'ssh'));
  const bare = join(dir, 'bare.git');
  const webhook = ['--listen=127.0.0.1:0', `--webhook-secret-file=${join(dir, 'secret')}`];
  await writeFile(join(dir, 'secret'), secret);
  const sshOptions = [
    `--ssh-key-file=${ssh.keyFile}`,
    `--known-hosts-file=${ssh.knownHostsFile}`,
    ...webhook,
  ];
  const ways: readonly Way[] = [
    { name: 'local', url: bare, options: [], hasWebhook: false },
    { name: 'http, webhook', url: `${http.url}/bare.git`, options: webhook, hasWebhook: true },
    { name: 'ssh, webhook', url: ssh.url(bare), options: sshOptions, hasWebhook: true },
    {
      name: 'http, poll 1 s',
      url: `${http.url}/bare.git`,
      options: ['--poll-interval=1s'],
      hasWebhook: false,
    },
  ];
  const baseline = await measureBare(host);
  say('bare create, start', baseline);
  for (const way of ways) say(way.name, await measure(way, host, sandbox.credentials, bare));
  // Everything is said beside the bare script, since machines differ.
  function say(name: string, ms: readonly number[]): void {
    const [half, slowest] = [middle(ms), Math.max(...ms)];
    const ratio = `${(half / middle(baseline)).toFixed(2)} ×`;
    const cells = [`${half.toFixed(0)} ms`, ratio, `slowest ${slowest.toFixed(0)} ms`];
    process.stdout.write(`${name.padEnd(20)}${cells.map((cell) => cell.padStart(18)).join('')}\n`);
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}

/** Milliseconds from the end of each push to the start of a container of its version. */
async function measure(
  way: Way,
  host: HostDescription,
  credentials: string,
  bare: string,
): Promise<readonly number[]> {
  await using repository = await ConfigRepository.create('bench', [host]);
  await repository.write('shop/compose.yaml', manifest(0));
  await repository.commit('0');
  await rm(bare, { recursive: true, force: true });
  await repository.git('clone', '--quiet', '--bare', '.', bare);
  await run('git', ['-C', bare, 'config', 'http.receivepack', 'true']);
  await using daemon = startDaemon([
    `--repository=${way.url}`,
    `--state=${repository.beside('state')}`,
    `--credentials=${credentials}`,
    ...(way.options.some((option) => option.startsWith('--poll')) ? [] : ['--poll-interval=1h']),
    ...way.options,
  ]);
  await started(host, 0, async () => {});
  const times: number[] = [];
  for (let version = 1; version <= runs; version += 1) {
    await repository.write('shop/compose.yaml', manifest(version));
    await repository.commit(String(version));
    const from = await started(host, version, async () => {
      await repository.git('push', '--quiet', bare, 'main');
      const pushed = performance.now();
      if (way.hasWebhook) await callWebhook(daemon.log());
      return pushed;
    });
    times.push(performance.now() - from);
  }
  await repository.git('rm', '-r', '--quiet', 'shop');
  await repository.commit('end');
  await daemon.end('SIGTERM');
  await clear(host);
  return times;
}

async function callWebhook(log: string): Promise<void> {
  const port = /127\.0\.0\.1:(\d+)","msg":"listening/.exec(log)?.[1];
  const body = '{}';
  const digest = createHmac('sha256', secret).update(body).digest('hex');
  const headers = { 'x-signature': `sha256=${digest}` };
  await fetch(`http://127.0.0.1:${port}/webhooks/generic`, { method: 'POST', body, headers });
}

/** Waits for the container of a version after an act, and gives what the act gave. */
async function started<T>(
  host: HostDescription,
  version: number,
  act: () => Promise<T>,
): Promise<T> {
  const engine = connectEngine(host);
  const filters = { label: [`bench.version=${version}`], status: ['running'] };
  const given = await act();
  await eventually(
    `version ${version}`,
    async () => ((await engine.listContainers({ filters })).length > 0 ? true : null),
    60_000,
    5,
  );
  return given;
}

/** The same container by two calls, as fast as it can be had. */
async function measureBare(host: HostDescription): Promise<readonly number[]> {
  const engine = connectEngine(host);
  const times: number[] = [];
  for (let version = 0; version < runs; version += 1) {
    const began = performance.now();
    const labels = { 'bench.version': `bare-${version}` };
    const container = await engine.createContainer({ Image: 'testapp:v1', Labels: labels });
    await container.start();
    times.push(performance.now() - began);
  }
  await clear(host);
  return times;
}

async function clear(host: HostDescription): Promise<void> {
  const engine = connectEngine(host);
  const containers = await engine.listContainers({ all: true });
  await Promise.all(
    containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true })),
  );
}

function manifest(version: number): object {
  return {
    services: {
      web: {
        image: 'testapp:v1',
        labels: { 'bench.version': String(version) },
        deploy: { update_config: { monitor: '0s', order: 'start-first' } },
      },
    },
  };
}
