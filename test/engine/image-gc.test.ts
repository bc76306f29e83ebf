import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { Daemon } from '../support/command-line.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { isNoted } from '../support/is-noted.ts';
import { Registry } from '../support/registry.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleetName = 'image-gc-test';

describe('images that were pulled for the fleet, on a real engine with a real registry', () => {
  const { hosts, credentials } = sharedSandbox();
  const [first, , builder] = hosts;
  if (first === undefined || builder === undefined) throw new Error('there are three hosts');
  const engine = shellOf(first);
  let registry: Registry;
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon;

  /** An image that no host has; the builder forgets it once it is pushed. */
  const publishNew = async (name: string): Promise<void> => {
    const made = shellOf(builder);
    const container = await made.createContainer({ Image: 'testapp:v1', Labels: { made: name } });
    await container.commit({ repo: 'made', tag: name, changes: `LABEL made=${name}` });
    await container.remove();
    await registry.publish(builder, `made:${name}`, `app:${name}`);
    await made.getImage(`made:${name}`).remove();
  };
  const deploy = async (name: string): Promise<void> => {
    await repository.write('shop/compose.yaml', {
      services: {
        web: {
          image: `${registry.address}/app:${name}`,
          deploy: {
            placement: { constraints: [`node.hostname == ${first.name}`] },
            update_config: { monitor: '1s' },
          },
          'x-fleetwright': { gate: { minHealthyTime: '500ms' } },
        },
      },
    });
    await repository.commit(name);
    await eventually(`${name} is last-known-good`, async () => {
      const [only, ...others] = await listContainers(hosts, fleetName);
      const isThere = others.length === 0 && only?.image.includes(`/app:${name}@`) === true;
      return isThere && isNoted(await commands.status()) ? true : null;
    });
  };
  /** The tags of `app` that the host has. */
  const tags = async (): Promise<readonly string[]> => {
    const images = await engine.listImages();
    const prefix = `${registry.address}/app:`;
    return images
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .filter((tag) => tag.startsWith(prefix))
      .map((tag) => tag.slice(prefix.length))
      .toSorted();
  };
  const gone = (name: string): Promise<true> =>
    eventually(`${name} to be removed`, async () => ((await tags()).includes(name) ? null : true));

  beforeAll(async () => {
    registry = await Registry.start(hosts);
    repository = await ConfigRepository.create(fleetName, hosts);
    const fleet = parse(await readFile(join(repository.dir, 'fleet.yaml'), 'utf8')) as object;
    const gc = { unusedFor: '1s', keep: 0 };
    await repository.write('fleet.yaml', { ...fleet, image: { gc } });
    commands = new Commands(repository, credentials);
    for (const name of ['1', '2', '3']) await publishNew(name);
    await registry.publish(builder, 'testapp:v3', 'app:loaded');
    daemon = commands.start();
    await deploy('1');
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await clearHosts(hosts, fleetName);
    for (const name of await tags()) {
      await engine.getImage(`${registry.address}/app:${name}`).remove();
    }
    await registry[Symbol.asyncDispose]();
    await repository[Symbol.asyncDispose]();
  });
  it('go when nothing needs them, and neither what others use nor what they have loaded', async () => {
    const theirs = await engine.createContainer({
      Image: `${registry.address}/app:1`,
      name: 'theirs',
    });
    await deploy('loaded');
    const loaded = await engine.getImage('testapp:v3').inspect();
    await deploy('2');
    await deploy('3');

    await gone('2');

    expect(await tags()).toEqual(['1', '3', 'loaded']);
    expect((await engine.getImage('testapp:v3').inspect()).Id).toBe(loaded.Id);

    await theirs.remove();
    await gone('1');
  });

  it('are pulled again when a commit goes back to them', async () => {
    await deploy('2');

    await gone('3');

    // It was pinned, and came by its digest.
    expect(await tags()).toEqual(['loaded']);
  });
});
