import { text } from 'node:stream/consumers';

import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleet = 'pre-start-test';

/** A service whose hooks write into a volume that its instances have too. */
function manifest(image: string, hooks: readonly string[], replicas = 2): string {
  const written = hooks.map((command) => `{ command: [testapp, ${command}] }`).join(', ');
  return `services:
  web:
    image: ${image}
    command: [testapp]
    volumes: [log:/log]
    ports: ["8080"]
    pre_start: [${written}]
    deploy:
      replicas: ${replicas}
      placement: { constraints: [node.hostname == host-1] }
      update_config: { monitor: 0s }
volumes: { log: }
`;
}

function append(line: string): string {
  return `append, /log/lines, ${line}`;
}

describe('pre_start hooks', () => {
  const { hosts, credentials } = sharedSandbox();
  const [host] = hosts;
  if (host === undefined) throw new Error('there is no host');
  const engine = shellOf(host);
  let repository: ConfigRepository;
  let commands: Commands;

  const deploy = async (...parts: Parameters<typeof manifest>) => {
    await repository.write('shop/compose.yaml', manifest(...parts));
    await repository.commit('next');
    return commands.sync();
  };
  const instances = async (): Promise<readonly ListedContainer[]> => {
    const all = await listContainers(hosts, fleet);
    return all.filter(({ service }) => service === 'web');
  };
  const lines = async (): Promise<readonly string[]> => {
    const [first] = await instances();
    const archive = await engine.getContainer(first?.id ?? '').getArchive({ path: '/log/lines' });
    const contents: string[] = [];
    for await (const entry of archive.pipe(extract())) contents.push(await text(entry));
    return contents.join('').trimEnd().split('\n');
  };
  const expectQuiet = async (): Promise<void> => {
    expect((await commands.plan()).steps).toEqual([]);
    expect((await commands.drift()).items).toEqual([]);
  };

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
  });
  afterAll(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  it('run in their order, once for all instances, and are no drift', async () => {
    expect((await deploy('testapp:v1', [append('a'), append('b')])).code).toBe(0);

    expect(await instances()).toHaveLength(2);
    expect(await lines()).toEqual(['a', 'b']);
    expect((await commands.sync()).code).toBe(0);
    expect(await lines()).toEqual(['a', 'b']);
    await expectQuiet();
  });

  it('do not run again for more instances', async () => {
    expect((await deploy('testapp:v1', [append('a'), append('b')], 3)).code).toBe(0);

    expect(await instances()).toHaveLength(3);
    expect(await lines()).toEqual(['a', 'b']);
  });

  it('run again when one of them changes, and the instances are replaced', async () => {
    const before = (await instances()).map(({ id }) => id);

    expect((await deploy('testapp:v1', [append('a'), append('c')])).code).toBe(0);

    expect(await lines()).toEqual(['a', 'b', 'a', 'c']);
    expect((await instances()).filter(({ id }) => before.includes(id))).toEqual([]);
    await expectQuiet();
  });

  it('that fail keep the version from beginning, and those after them from running', async () => {
    const before = await instances();

    const { code, status } = await deploy('testapp:v2', [
      append('a'),
      'end, "17", no luck',
      append('never'),
    ]);

    expect(code).toBe(1);
    expect(status.applications[0]?.failed).toMatchObject([
      { service: 'web-pre-start-2', message: 'the job ended with code 17', log: ['no luck'] },
    ]);
    expect((await instances()).map(({ id, state }) => ({ id, state }))).toEqual(
      before.map(({ id }) => ({ id, state: 'running' })),
    );
    expect((await lines()).slice(4)).toEqual(['a']);
  });
});
