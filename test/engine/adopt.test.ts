import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';

import type Docker from 'dockerode';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import type { Import } from '../../src/generated/import.ts';
import type { Application } from '../../src/generated/status.ts';
import { run } from '../../src/sandbox/command.ts';
import { ensureRequirements } from '../../src/sandbox/packages.ts';
import type { SandboxHost } from '../../src/sandbox/sandbox-host.ts';
import type { CommandResult } from '../support/command-line.ts';
import { Commands, fleetwright } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { composeFile, project, standingIn, type Standing } from '../support/legacy-project.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleet = 'adopt-test';

describe('a Compose project of one host, adopted', () => {
  const { hosts, credentials } = sharedSandbox();
  const [host] = hosts;
  if (host === undefined) throw new Error('there is a host');
  const engine: Docker = shellOf(host);
  let repository: ConfigRepository;
  let commands: Commands;

  beforeAll(() => ensureRequirements(['docker-compose'], () => {}));

  beforeEach(async () => {
    await clearHosts(hosts);
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
    // Another application, so that taking one away does not take all away.
    for (const name of ['a', 'b', 'c']) {
      await repository.write(`${name}/compose.yaml`, {
        services: { web: { image: 'testapp:v1', deploy: { update_config: { monitor: '0s' } } } },
      });
    }
    await repository.commit('others');
  });
  afterEach(async () => {
    await clearHosts(hosts);
    await repository[Symbol.asyncDispose]();
  });

  const compose = async (...args: readonly string[]): Promise<void> => {
    const file = repository.beside('docker-compose.yml');
    await writeFile(file, stringify(composeFile));
    const { env } = host;
    // Compose 1 lets these variables of Python's HTTP client win over the certificate it was told to trust.
    const trust = join(env.DOCKER_CERT_PATH, 'ca.pem');
    await run('docker-compose', ['-p', project, '-f', file, ...args], {
      env: { ...env, REQUESTS_CA_BUNDLE: trust, CURL_CA_BUNDLE: trust },
    });
  };
  const up = (): Promise<void> => compose('up', '-d', '--scale', 'web=2');
  const standing = (): Promise<readonly Standing[]> => standingIn(engine);
  const manifest = join(project, 'compose.yaml');
  /** Imports and commits; `change` edits what was written. */
  const imported = async (change: (text: string) => string = (text) => text): Promise<Import> => {
    const { code, stdout, stderr } = await commands.run(
      'import',
      `--host=${host.name}`,
      `--to=${repository.dir}`,
      '--output=json',
    );
    expect(code, stderr).toBe(0);
    await edit(change);
    return JSON.parse(stdout) as Import;
  };
  const edit = async (change: (text: string) => string): Promise<void> => {
    const text = await readFile(join(repository.dir, manifest), 'utf8');
    // Nobody waits for the watch after a rollout here.
    const quick = text.includes('monitor')
      ? text
      : text.replaceAll('    deploy:\n', '    deploy:\n      update_config: { monitor: 0s }\n');
    await repository.write(manifest, change(quick));
    await repository.commit('change');
  };

  it('is imported, committed, adopted without a restart, and updated by a commit', async () => {
    await up();
    const before = await standing();
    expect(before).toHaveLength(3);

    const document = await imported();

    expect(document).toMatchObject({
      host: host.name,
      applications: [
        {
          application: project,
          containers: ['legacy_edge_1', 'legacy_web_1', 'legacy_web_2'],
          warnings: expect.arrayContaining([expect.stringContaining('DB_PASSWORD')]),
        },
      ],
    });
    expect(JSON.stringify(document)).not.toContain('hunter2');
    const plan = await commands.plan();
    expect(plan.adoptions).toMatchObject([
      { container: 'legacy_edge_1', service: 'edge', outcome: 'adopted', changes: [] },
      { container: 'legacy_web_1', service: 'web', slot: '1', outcome: 'adopted', changes: [] },
      { container: 'legacy_web_2', service: 'web', slot: '2', outcome: 'adopted', changes: [] },
    ]);
    expect(plan.steps.filter(({ application }) => application === project)).toEqual([]);

    const adopted = await commands.sync();

    expect(adopted.code, adopted.stderr).toBe(0);
    expect(legacyOf(adopted.status.applications)).toMatchObject({ health: 'healthy' });
    expect((await commands.drift()).items).toEqual([]);
    expect((await commands.plan()).inSync).toBe(true);
    expect(await standing()).toEqual(before);

    await edit((text) => text.replaceAll('testapp:v1', 'testapp:v2'));
    const rolled = await commands.sync();

    expect(rolled.code, rolled.stderr).toBe(0);
    const after = await standing();
    expect(after.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^legacy-edge-1-/),
      expect.stringMatching(/^legacy-web-1-/),
      expect.stringMatching(/^legacy-web-2-/),
    ]);
    const web = await engine.getContainer(after[1]?.id ?? '').inspect();
    expect(web.Config.Image).toBe('testapp:v2');
    expect(web.Config.Env).toContain('GREETING=costs $5');
    expect(web.Mounts).toMatchObject([{ Name: 'legacy_data', Destination: '/data' }]);
    expect(Object.keys(web.NetworkSettings.Networks)).toEqual(['legacy_default']);
    expect((await commands.plan()).inSync).toBe(true);
  });

  it('is kept when the journal is lost, and pruned with its application, but for its volume', async () => {
    await up();
    const before = await standing();
    await imported();
    expect((await commands.sync()).code).toBe(0);

    await rm(repository.beside('state'), { recursive: true });
    expect((await commands.sync()).code).toBe(0);

    expect(await standing()).toEqual(before);
    await rm(join(repository.dir, project), { recursive: true });
    await repository.commit('gone');
    const pruned = await commands.sync();

    expect(pruned.code, pruned.stderr).toBe(0);
    expect(await standing()).toEqual([]);
    const { Volumes } = await engine.listVolumes();
    expect(Volumes.map(({ Name }) => Name)).toContain('legacy_data');
    const networks = await engine.listNetworks();
    expect(networks.map(({ Name }) => Name)).toContain('legacy_back');
  });

  it('is adopted by its own Compose file, with what can be set in place set', async () => {
    await up();
    const before = await standing();
    const { web, edge } = composeFile.services;
    const { restart: _restart, ...edgeWithout } = edge;
    await repository.write(manifest, {
      ...composeFile,
      services: { web: { ...web, deploy: { replicas: 2 } }, edge: edgeWithout },
      'x-fleetwright': { adopt: { composeProject: project } },
    });
    await repository.commit('adopt');

    const { code, stderr } = await commands.sync();

    expect(code, stderr).toBe(0);
    expect(await standing()).toEqual(before);
    const { HostConfig } = await engine.getContainer(before[0]?.id ?? '').inspect();
    expect(HostConfig.RestartPolicy?.Name).toBe('unless-stopped');
    expect((await commands.drift()).items).toEqual([]);
  });

  it('can be a single container that nobody composed', async () => {
    await engine.createNetwork({ Name: 'front' });
    const container = await engine.createContainer({
      name: 'Proxy.1',
      Image: 'testapp:v1',
      Env: ['A=${B}'],
      Volumes: { '/scratch': {} },
      HostConfig: { NetworkMode: 'front', Memory: 64 * 2 ** 20 },
    });
    await container.start();
    const before = await container.inspect();
    const written = await commands.run(
      'import',
      `--host=${host.name}`,
      '--container=Proxy.1',
      `--to=${repository.dir}`,
    );
    expect(written.code, written.stderr).toBe(0);
    await repository.commit('proxy');
    await using daemon = commands.start();
    const slot = async (name: string): Promise<true | null> => {
      const { applications } = await commands.status();
      const proxy = applications.find(({ application }) => application === 'proxy-1');
      return proxy !== undefined && isReady(proxy) && proxy.slots[0]?.container === name
        ? true
        : null;
    };
    await eventually('the adoption', () => slot('Proxy.1'));

    // It is named in the manifest, but it is the journal that knows it from now on.
    await container.rename({ name: 'renamed' });

    await eventually('the other name', () => slot('renamed'));
    await daemon.end('SIGTERM');
    const after = await container.inspect();
    expect(after.State.StartedAt, daemon.log()).toBe(before.State.StartedAt);
    expect((await commands.plan()).inSync).toBe(true);
    const own = await listContainers(hosts, fleet);
    expect(own.filter(({ application }) => application === 'proxy-1')).toEqual([]);
    await container.rename({ name: 'Proxy.1' });
    const again = await commands.run(
      'import',
      `--host=${host.name}`,
      '--container=Proxy.1',
      `--to=${repository.dir}`,
    );
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('it exists already; nothing is written');
  });

  it('is imported from a socket, without a fleet, and nothing is written of what cannot be', async () => {
    await up();
    await using socket = await socketOf(host, repository.beside('docker.sock'));
    const to = repository.beside('imported');
    const importing = (...args: readonly string[]): Promise<CommandResult> =>
      fleetwright('import', `--endpoint=${socket.url}`, `--to=${to}`, '--output=json', ...args);

    expect(await importing('--project=legcy')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "legacy"'),
    });
    expect(await importing('--container=nope')).toMatchObject({ code: 2 });
    expect(await fleetwright('import', '--endpoint=tcp://a:1', `--to=${to}`)).toMatchObject({
      code: 2,
    });
    expect(existsSync(to)).toBe(false);
    const { code, stdout, stderr } = await importing();

    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      host: null,
      applications: [{ application: project }],
    });
    const text = await readFile(join(to, manifest), 'utf8');
    expect(text).not.toContain('constraints');
    expect(await commands.run('import', '--host=nope', `--to=${to}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('fleet.yaml has'),
    });
    expect(await commands.run('adopt', 'nope')).toMatchObject({ code: 2 });
    expect(await commands.run('adopt', 'a')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('names nothing under x-fleetwright.adopt'),
    });
  });

  it('is left alone as long as one container differs, until somebody says --replace', async () => {
    await up();
    const before = await standing();
    await imported((text) => text.replace('team: shop', 'team: other'));

    const held = await commands.sync();

    expect(held.code).toBe(1);
    expect(legacyOf(held.status.applications).conditions).toContainEqual(
      expect.objectContaining({ type: 'Stalled', status: true, reason: 'AdoptionRefused' }),
    );
    expect(await standing()).toEqual(before);
    const asked = await commands.run('adopt', project, '--yes');
    expect(asked.code, asked.stderr).toBe(1);
    expect(asked.stdout).toContain('labels.team: shop → other');

    expect(await commands.run('adopt', project, '--replace')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('say --yes'),
    });
    const replacing = await commands.run('adopt', project, '--yes', '--replace', '--wait=0s');
    expect(replacing.code, replacing.stderr).toBe(0);
    const done = await commands.sync();

    expect(done.code, done.stderr).toBe(0);
    expect((await standing()).map(({ name }) => name)).toEqual([
      expect.stringMatching(/^legacy-web-1-/),
      expect.stringMatching(/^legacy-web-2-/),
      'legacy_edge_1',
    ]);
    expect((await standing())[2]).toEqual(before[0]);
  });

  it('is left alone when two containers claim one slot', async () => {
    await up();
    const [, one] = await standing();
    const { Config } = await engine.getContainer(one?.id ?? '').inspect();
    const twin = await engine.createContainer({
      name: 'twin',
      Image: 'testapp:v1',
      Labels: Config.Labels,
    });
    await twin.start();
    const before = await standing();
    // The import itself sees three instances of web.
    await imported((text) => text.replace('replicas: 3', 'replicas: 2'));

    const { code, status } = await commands.sync();

    expect(code).toBe(1);
    const stalled = legacyOf(status.applications).conditions.find(({ type }) => type === 'Stalled');
    expect(stalled).toMatchObject({ reason: 'AdoptionRefused' });
    expect(stalled?.message).toContain('both claim slot web/1');
    expect(await standing()).toEqual(before);
  });

  it('is adopted by a daemon that is killed and started again, without a restart', async () => {
    await up();
    const before = await standing();
    await imported();
    const ready = (): Promise<unknown> =>
      eventually('the adoption', async () => {
        const { applications } = await commands.status();
        return applications.length === 4 && applications.every(isReady) ? true : null;
      });
    for (const delay of [0, 300, 600]) {
      const daemon = commands.start();
      await new Promise((resolve) => setTimeout(resolve, 500 + delay));
      await daemon.end('SIGKILL');
    }

    await using daemon = commands.start();
    await ready();

    expect(await standing(), daemon.log()).toEqual(before);
    const asked = await commands.run('adopt', project, '--yes');
    expect(asked.code, asked.stderr).toBe(0);
    await edit((text) => text.replaceAll('testapp:v1', 'testapp:v2'));
    await eventually('the rollout', async () => {
      // What is listed may be gone before it can be looked at.
      const filters = { label: [`com.docker.compose.project=${project}`] };
      const names = (await engine.listContainers({ filters })).map(({ Names }) => Names[0] ?? '');
      return names.length === 3 && names.every((name) => name.startsWith('/legacy-')) ? true : null;
    });
  });
});

function legacyOf(applications: readonly Application[]): Application {
  const found = applications.find(({ application }) => application === project);
  if (found === undefined) throw new Error('the application is there');
  return found;
}

function isReady({ conditions }: Application): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status);
}

/** A socket of this machine that leads to the engine of a host. */
async function socketOf(
  { address, env }: SandboxHost,
  path: string,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const [ca, cert, key] = await Promise.all(
    ['ca', 'cert', 'key'].map((name) => readFile(join(env.DOCKER_CERT_PATH, `${name}.pem`))),
  );
  const port = Number(new URL(env.DOCKER_HOST).port);
  const server = createServer((client) => {
    const engine = connect({ host: address, port, ca, cert, key });
    client.pipe(engine).pipe(client);
    for (const end of [client, engine]) end.on('error', () => end.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    url: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
