import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { run } from '../../src/sandbox/command.ts';
import { packTar } from '../../src/sandbox/docker-archive.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { sandboxHost } from '../support/engine-fleet.ts';
import { eventually } from '../support/eventually.ts';
import { Registry } from '../support/registry.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleetName = 'disk-test';
const { hosts, credentials } = sharedSandbox();
const builder = sandboxHost(0);
const full = sandboxHost(1);
const large = 'large:1';

let registry: Registry;
let repository: ConfigRepository;
let data: string;

beforeAll(async () => {
  registry = await Registry.start([builder]);
  await registry.publish(builder, 'testapp:v1', 'app:1');
  await makeLarge();
  await registry.publish(builder, large, 'app:2');
  data = ((await shellOf(full).info()) as { readonly DockerRootDir: string }).DockerRootDir;
  await full.killEngine();
  await onFullHost('mount', '-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', data);
  await full.startEngine();
  repository = await ConfigRepository.create(fleetName, hosts);
});
afterAll(async () => {
  await clearHosts(hosts, fleetName);
  await full.killEngine();
  await onFullHost('umount', data);
  await full.startEngine();
  await shellOf(builder).getImage(large).remove();
  await registry[Symbol.asyncDispose]();
  await repository[Symbol.asyncDispose]();
});

function onFullHost(...argv: readonly string[]): Promise<string> {
  const [command = '', ...args] = [...full.inside(), ...argv];
  return run(command, args);
}

/** An image as testapp:v1 with a file that is larger than the disk of one host will be. */
async function makeLarge(): Promise<void> {
  const content = randomBytes(60_000_000);
  const archive = await packTar([{ kind: 'file', path: 'large', mode: 0o644, content }]);
  const container = await shellOf(builder).createContainer({ Image: 'testapp:v1' });
  await container.putArchive(archive, { path: '/' });
  await container.commit({ repo: 'large', tag: '1' });
  await container.remove();
}

it('a pull that fills the disk of one host pauses that one, and no other', async () => {
  const commands = new Commands(repository, credentials);
  const push = async (tag: string): Promise<void> => {
    const image = `${registry.address}/app:${tag}`;
    const deploy = { replicas: 3, update_config: { monitor: '200ms' } };
    const web = { image, deploy, 'x-fleetwright': { gate: { minHealthyTime: '500ms' } } };
    await repository.write('shop/compose.yaml', { services: { web } });
    await repository.commit(tag);
  };
  await push('1');
  const first = await commands.sync();
  expect(first.code, first.stderr).toBe(0);
  await push('2');

  // The others take as long as they need; what is left for the sync is to say what is in the way.
  const daemon = commands.start();
  await eventually('all but one host have it', async () => {
    const list = await listContainers(hosts, fleetName);
    const updated = list.filter(({ image }) => image.includes('/app:2'));
    return list.length === 3 && updated.length === 2 ? true : null;
  });
  await daemon.end('SIGTERM');
  const { code, status } = await commands.sync('--timeout=30s');

  const stalled = status.applications[0]?.conditions.find(({ type }) => type === 'Stalled');
  expect([code, stalled?.reason]).toEqual([1, 'DiskFull']);
  expect(stalled?.message).toMatch(new RegExp(`on host "${full.name}": .*no space left on device`));
  const list = await listContainers(hosts, fleetName);
  const images = list
    .toSorted((a, b) => (a.host < b.host ? -1 : 1))
    .map(({ host, image, state }) => [host, image.split(/[:@]/)[2], state]);
  expect(images).toEqual(
    hosts.map(({ name }) => [name, name === full.name ? '1' : '2', 'running']),
  );
});
