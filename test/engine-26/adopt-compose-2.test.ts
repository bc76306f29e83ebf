import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { run } from '../../src/sandbox/command.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { composeFile, project, standingIn, type Standing } from '../support/legacy-project.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const others = { web: { image: 'testapp:v1', deploy: { update_config: { monitor: '0s' } } } };
const manifest = join(project, 'compose.yaml');

/** Keys that the engine, or Compose, writes down in its own way. */
const keys = {
  image: 'testapp:v1',
  annotations: { 'org.example.a': '1' },
  healthcheck: {
    test: ['CMD', 'testapp', 'check'],
    interval: '2s',
    start_period: '20s',
    start_interval: '1s',
  },
  extra_hosts: ['a:10.0.0.7', 'gate:host-gateway'],
  logging: { driver: 'json-file', options: { 'max-size': '1m' } },
  networks: { front: { ipv4_address: '10.213.0.7', aliases: ['www'] }, back: {} },
  ports: ['127.0.0.1:18081-18082:9001-9002/udp'],
  read_only: true,
  security_opt: ['no-new-privileges:true'],
  stop_signal: 'SIGINT',
  tmpfs: ['/run:size=1m', '/cache'],
  ulimits: { nofile: { soft: 512, hard: 1024 }, core: 0 },
  volumes: [
    { type: 'volume', source: 'data', target: '/data', read_only: true, volume: { nocopy: true } },
    { type: 'tmpfs', target: '/t', tmpfs: { size: 1_048_576, mode: 0o755 } },
    '/anonymous',
  ],
  deploy: { resources: { limits: { cpus: '0.5', memory: '64M', pids: 64 } } },
};
const front = { ipam: { config: [{ subnet: '10.213.0.0/24' }] } };
const composed = {
  ...composeFile,
  services: { ...composeFile.services, keys },
  networks: { ...composeFile.networks, front },
};

describe('a project that Compose 2 has brought up', () => {
  const { hosts, credentials, system } = sharedSandbox();
  const [host] = hosts;
  if (host === undefined || system === null) throw new Error('the hosts are of Debian 13');
  const engine: Docker = shellOf(host);
  let repository: ConfigRepository;
  let commands: Commands;
  let before: readonly Standing[];

  beforeAll(async () => {
    await clearHosts(hosts);
    repository = await ConfigRepository.create('compose-2-test', hosts);
    commands = new Commands(repository, credentials);
    for (const name of ['a', 'b']) {
      await repository.write(`${name}/compose.yaml`, { services: others });
    }
    await repository.commit('others');
    const file = repository.beside('docker-compose.yml');
    await writeFile(file, stringify(composed));
    const args = ['-p', project, '-f', file, 'up', '-d', '--scale', 'web=2'];
    await run(join(system, 'usr/bin/docker-compose'), args, { env: host.env });
    before = await standingIn(engine);
  });
  afterAll(async () => {
    await clearHosts(hosts);
    await repository[Symbol.asyncDispose]();
  });

  /** Edits the manifest of the project and commits it. */
  const edit = async (change: (text: string) => string): Promise<void> => {
    const text = await readFile(join(repository.dir, manifest), 'utf8');
    await repository.write(manifest, change(text));
    await repository.commit('change');
  };

  it('is imported and adopted without a restart', async () => {
    expect(before.map(({ name }) => name)).toEqual([
      'legacy-edge-1',
      'legacy-keys-1',
      'legacy-web-1',
      'legacy-web-2',
    ]);
    const to = `--to=${repository.dir}`;
    const { code, stderr } = await commands.run('import', `--host=${host.name}`, to);
    expect(code, stderr).toBe(0);
    // Nobody waits for the watch after a rollout here.
    await edit((text) =>
      text.replaceAll('    deploy:\n', '    deploy:\n      update_config: { monitor: 0s }\n'),
    );
    const { adoptions } = await commands.plan();
    expect(adoptions).toMatchObject([
      { container: 'legacy-edge-1', service: 'edge', outcome: 'adopted', changes: [] },
      { container: 'legacy-keys-1', service: 'keys', outcome: 'adopted', changes: [] },
      { container: 'legacy-web-1', service: 'web', slot: '1', outcome: 'adopted', changes: [] },
      { container: 'legacy-web-2', service: 'web', slot: '2', outcome: 'adopted', changes: [] },
    ]);

    const adopted = await commands.sync();

    expect(adopted.code, adopted.stderr).toBe(0);
    expect((await commands.drift()).items).toEqual([]);
    expect((await commands.plan()).inSync).toBe(true);
    expect(await standingIn(engine)).toEqual(before);
  });

  it('is updated by the commit after that', async () => {
    await edit((text) => text.replaceAll('testapp:v1', 'testapp:v2'));

    const rolled = await commands.sync();

    expect(rolled.code, rolled.stderr).toBe(0);
    const after = await standingIn(engine);
    expect(after.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^legacy-edge-1-/),
      expect.stringMatching(/^legacy-keys-1-/),
      expect.stringMatching(/^legacy-web-1-/),
      expect.stringMatching(/^legacy-web-2-/),
    ]);
    const web = await engine.getContainer(after[2]?.id ?? '').inspect();
    expect(web.Config.Image).toBe('testapp:v2');
    expect(web.Mounts).toMatchObject([{ Name: 'legacy_data', Destination: '/data' }]);
    expect((await commands.plan()).inSync).toBe(true);
  });
});
