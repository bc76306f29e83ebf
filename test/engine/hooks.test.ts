import { text } from 'node:stream/consumers';

import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleet = 'hooks-test';

const started = `{ command: [testapp, append, /log/lines, "%WORD%"], environment: { WORD: "up" } }`;

/** A service whose hooks write into a volume, which outlives each instance. */
function manifest(
  image: string,
  { start = started, stop = '[testapp, append, /log/lines, down]' }: Commanded,
): string {
  return `services:
  web:
    image: ${image}
    volumes: [log:/log]
    stop_grace_period: 2s
    post_start: [${start}]
    pre_stop: [{ command: ${stop} }]
    deploy: { placement: { constraints: [node.hostname == host-1] }, update_config: { monitor: 0s } }
volumes: { log: }
`;
}

interface Commanded {
  readonly start?: string;
  readonly stop?: string;
}

describe('hooks', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;
  const [host] = hosts;
  if (host === undefined) throw new Error('there is no host');
  const engine = shellOf(host);

  const deploy = async (image: string, more: Commanded = {}) => {
    await repository.write('shop/compose.yaml', manifest(image, more));
    await repository.commit(image);
    return commands.sync();
  };
  const instance = async (): Promise<ListedContainer> => {
    const [only, ...others] = await listContainers(hosts, fleet);
    if (only === undefined || others.length > 0) throw new Error('there is not one container');
    return only;
  };
  const lines = async (): Promise<readonly string[]> => {
    const { id } = await instance();
    const archive = await engine.getContainer(id).getArchive({ path: '/log/lines' });
    const contents: string[] = [];
    for await (const entry of archive.pipe(extract())) contents.push(await text(entry));
    return contents.join('').trimEnd().split('\n');
  };

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
  });
  afterAll(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  it('of a start run after it, once, and are no drift', async () => {
    expect((await deploy('testapp:v1')).code).toBe(0);

    expect(await lines()).toEqual(['up']);
    expect((await commands.sync()).code).toBe(0);
    expect((await commands.plan()).steps).toEqual([]);
    expect((await commands.drift()).items).toEqual([]);
    expect(await lines()).toEqual(['up']);
  });

  it('of a stop run before it, when a commit replaces the instance', async () => {
    expect((await deploy('testapp:v2')).code).toBe(0);

    expect(await lines()).toEqual(['up', 'down', 'up']);
  });

  it('run again when we start again what was stopped', async () => {
    await engine.getContainer((await instance()).id).stop({ t: 1 });

    expect((await commands.sync()).code).toBe(0);

    expect((await lines()).slice(3)).toEqual(['up']);
  });

  it('that fail at a start are the failure of the version, with what they said', async () => {
    const { code, status } = await deploy('testapp:v3', {
      start: '{ command: [testapp, end, "3", no luck] }',
    });

    expect(code).toBe(1);
    const [shop] = status.applications;
    expect(shop?.failed).toMatchObject([
      {
        reason: 'HookFailed',
        message: 'post_start hook 1 ("testapp end 3 no luck") ended with code 3: no luck',
      },
    ]);
    expect((await instance()).image).toBe('testapp:v2');
    // Of v2 for v3, of v3 when it failed, and v2 once more.
    expect((await lines()).slice(4)).toEqual(['down', 'down', 'up']);
  });

  it.each([
    ['fails', '[testapp, end, "1"]'],
    ['is not there', '[nope]'],
    ['hangs', '[testapp, pause, "60000"]'],
  ])('of a stop that %s keep nothing from being stopped', async (_name, stop) => {
    expect((await deploy('testapp:v1', { stop })).code).toBe(0);
    const before = await instance();

    const { code, stderr } = await deploy('testapp:v2', { stop });

    expect(code).toBe(0);
    expect((await instance()).id).not.toBe(before.id);
    expect(stderr).not.toContain('step failed');
  });

  it('that an operator was killed in are run again by the next one', async () => {
    // The first run of it does not end before the operator is killed, however slow the machine is.
    const once = 'test -e /tmp/again || { touch /tmp/again; sleep 600; }';
    const start = `${started}, { command: [sh, -c, ${JSON.stringify(once)}] }`;
    await repository.write('shop/compose.yaml', manifest('testapp:v3', { start }));
    await repository.commit('slow');
    const before = (await lines()).length;
    const daemon = commands.start();
    await eventually('the hooks', async () => {
      const [only] = await listContainers(hosts, fleet);
      if (only?.image !== 'testapp:v3' || only.state !== 'running') return null;
      return await engine
        .getContainer(only.id)
        .infoArchive({ path: '/tmp/again' })
        .then(() => true as const)
        .catch(() => null);
    });
    await daemon.end('SIGKILL');

    expect((await commands.sync()).code).toBe(0);
    expect((await lines()).slice(before)).toEqual(['up', 'up']);
    expect((await instance()).image).toBe('testapp:v3');
  });
});
