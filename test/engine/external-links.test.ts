import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const manifest = `services:
  web:
    image: testapp:v1
    external_links: ["legacy:db"]
    networks: [front]
    deploy: { placement: { constraints: [node.hostname == host-1] }, update_config: { monitor: 0s } }
networks: { front: { external: true, name: links-front } }
`;

/** Asks the name server that a container has, as its programs would. */
const question = `
  const { Resolver } = require('node:dns').promises;
  const resolver = new Resolver();
  resolver.setServers(['127.0.0.11']);
  resolver.resolve4(process.argv[1]).then((found) => console.log(found.join()), (e) => console.log(e.code));
`;

async function resolve(pid: number, name: string): Promise<string> {
  const net = `--net=/proc/${pid}/ns/net`;
  const argv = [net, process.execPath, '-e', question, name];
  const { stdout } = await promisify(execFile)('nsenter', argv);
  return stdout.trim();
}

describe('a service that links to a container of others', () => {
  const { hosts, credentials } = sharedSandbox();
  const [host] = hosts;
  if (host === undefined) throw new Error('there is no host');
  const engine = shellOf(host);
  let repository: ConfigRepository;
  let commands: Commands;

  beforeAll(async () => {
    repository = await ConfigRepository.create('links-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest);
    await repository.commit('v1');
    await engine.createNetwork({ Name: 'links-front' });
  });
  afterAll(async () => {
    await clearHosts(hosts, 'links-test');
    await engine.getContainer('legacy').remove({ force: true });
    await engine.getNetwork('links-front').remove();
    await repository[Symbol.asyncDispose]();
  });

  it('is not made before that one is there, and says so', async () => {
    const { code, stdout } = await commands.sync('--timeout=60s');

    expect(code).toBe(1);
    expect(stdout).toContain('which external_links names, does not exist on host');
    expect(await listContainers(hosts, 'links-test')).toEqual([]);
  });

  it('reaches it by the name of its own, on the network that they have in common', async () => {
    const legacy = await engine.createContainer({
      name: 'legacy',
      Image: 'testapp:v1',
      HostConfig: { NetworkMode: 'links-front' },
    });
    await legacy.start();

    expect((await commands.sync()).code).toBe(0);

    const [web] = await listContainers(hosts, 'links-test');
    const { State } = await engine.getContainer(web?.id ?? '').inspect();
    const { NetworkSettings } = await legacy.inspect();
    const address = NetworkSettings.Networks['links-front']?.IPAddress;
    expect(await resolve(State.Pid, 'db')).toBe(address);
    expect(await resolve(State.Pid, 'nobody')).not.toBe(address);
    expect((await commands.plan()).steps).toEqual([]);
    expect((await commands.drift()).items).toEqual([]);
  });
});
