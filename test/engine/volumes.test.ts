import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Request as RequestDocument } from '../../src/generated/request.ts';
import type { Volumes } from '../../src/generated/volumes.ts';
import { Commands, fleetwright } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleet = 'volumes-test';
const name = 'shop_data';

describe('a named volume on a real engine', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
  });
  afterAll(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  const push = async (message: string, more: object, top: object = {}): Promise<void> => {
    const deploy = { update_config: { monitor: '0s' } };
    const web = { image: 'testapp:v1', deploy, ...more };
    await repository.write('shop/compose.yaml', { services: { web }, ...top });
    await repository.commit(message);
    const { code, stderr } = await commands.sync();
    expect(code, stderr).toBe(0);
  };
  const state = (): string => `--state=${repository.beside('state')}`;
  const list = async (): Promise<Volumes['volumes']> => {
    const where = [`--repository=${repository.dir}`, `--credentials=${credentials}`];
    const { stdout } = await fleetwright('volume', 'ls', state(), ...where, '--output=json');
    return (JSON.parse(stdout) as Volumes).volumes;
  };
  /** No operator runs: the next one takes the request up. */
  const remove = async (host: string): Promise<RequestDocument> => {
    const asked = ['volume', 'rm', `${host}/${name}`, '--yes', '--wait=0s'];
    const { stdout } = await fleetwright(...asked, state(), '--output=json');
    return JSON.parse(stdout) as RequestDocument;
  };
  const isThere = async (host: string): Promise<boolean> => {
    const description = hosts.find((each) => each.name === host);
    if (description === undefined) throw new Error(`there is no host ${host}`);
    const { Volumes: volumes } = await shellOf(description).listVolumes();
    return volumes.some((volume) => volume.Name === name);
  };

  it('outlives the commit that takes it away, and goes only when somebody names it', async () => {
    await push('with data', { volumes: ['data:/data'] }, { volumes: { data: {} } });
    const [volume] = await list();
    expect(volume).toMatchObject({ name, usedBy: [expect.any(String)] });
    const host = volume?.host ?? '';
    await remove(host);
    expect((await commands.sync()).code).toBe(0);
    expect(await isThere(host)).toBe(true);

    await push('without', {});
    expect(await list()).toMatchObject([{ name, host, usedBy: [] }]);
    expect(await isThere(host)).toBe(true);

    expect(await remove(host)).toMatchObject({ state: 'pending' });
    expect((await commands.sync()).code).toBe(0);
    expect(await isThere(host)).toBe(false);
    expect(await list()).toEqual([]);
  });
});
