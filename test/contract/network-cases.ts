import { expect, it } from 'vitest';

import type { WireContainer } from '../../src/fleet/wire.ts';
import type { ContractContext } from './contract-context.ts';
import { byAge } from './contract-context.ts';
import { refused } from './engine-shell.ts';

const scopedAlias =
  'network-scoped alias is supported only for containers in user defined networks';

/** Networks and what is attached to them. */
export function networkCases(context: ContractContext): void {
  const { shell } = context;
  const isOld = (): boolean => byAge(context, true, false);

  it('a network is listed with its labels, by parts of its name', async () => {
    const id = await shell().createNetwork('front', { Internal: true, Labels: { team: 'a' } });
    await shell().createNetwork('frontier');

    const networks = await shell().networks('front');

    expect(networks.map(({ Name }) => Name).toSorted()).toEqual(['front', 'frontier']);
    expect(networks.find(({ Id }) => Id === id)).toMatchObject({
      Name: 'front',
      Driver: 'bridge',
      Internal: true,
      Labels: { team: 'a' },
    });
    expect(await shell().get('/networks/front')).toMatchObject({ Id: id, Name: 'front' });
  });

  it('the list of containers tells the networks of each, also when it does not run', async () => {
    await shell().createNetwork('front');
    await shell().run('web', attachedTo('front'));
    await shell().run('gone', attachedTo('front'));
    await shell().stop('gone');

    const rows = await shell().list({ all: '1' });

    const networks = rows.map(({ Names, NetworkSettings }) => {
      return `${Names?.[0]} ${Object.keys(NetworkSettings?.Networks ?? {}).join(' ')}`;
    });
    expect(networks.toSorted()).toEqual(['/gone front', '/web front']);
  });

  it('one that is made anew has what was on it before, with its aliases and its address', async () => {
    const pool = { IPAM: { Config: [{ Subnet: '10.201.7.0/24' }] } };
    const EndpointConfig = { Aliases: ['www'], IPAMConfig: { IPv4Address: '10.201.7.7' } };
    await shell().createNetwork('front', pool);
    const id = await shell().run('web', {
      HostConfig: { NetworkMode: 'front' },
      NetworkingConfig: { EndpointsConfig: { front: EndpointConfig } },
    });

    await shell().disconnect('front', 'web');
    await shell().send('DELETE', '/networks/front');
    const anew = await shell().createNetwork('front', { ...pool, Internal: true });
    await shell().send('POST', `/networks/${anew}/connect`, {
      body: { Container: id, EndpointConfig },
    });

    const container = await shell().inspect('web');
    expect(container.State?.Status).toBe('running');
    expect(container.NetworkSettings?.Networks?.['front']).toMatchObject({
      NetworkID: anew,
      Aliases: expect.arrayContaining(['www']),
    });
  });

  it('a name is checked when that is asked for, and by an old engine only then', async () => {
    const message = 'network with name front already exists';
    const first = await shell().createNetwork('front');
    const checked = shell().createNetwork('front', { CheckDuplicate: true });
    expect(await refused(checked)).toEqual({ status: 409, message });

    if (!isOld()) {
      expect(await refused(shell().createNetwork('front'))).toEqual({ status: 409, message });
      return;
    }
    const second = await shell().createNetwork('front');
    await shell().create('web', { HostConfig: { NetworkMode: 'front' } });

    expect(await refused(shell().start('web'))).toEqual({
      status: 400,
      message: 'network front is ambiguous (2 matches found on name)',
    });
    expect(await refused(shell().send('DELETE', '/networks/front'))).toEqual({
      status: 400,
      message: 'network front is ambiguous (2 matches found based on name)',
    });
    await shell().send('DELETE', `/networks/${second}`);
    expect((await shell().networks('front')).map(({ Id }) => Id)).toEqual([first]);
    await shell().start('web');
  });

  it('refuses what cannot be a network', async () => {
    expect(await refused(shell().createNetwork('bridge'))).toEqual({
      status: 403,
      message: 'operation is not permitted on predefined bridge network',
    });
    expect(await refused(shell().send('DELETE', '/networks/bridge'))).toEqual({
      status: 403,
      message: 'bridge is a pre-defined network and cannot be removed',
    });
    const missing = { status: 404, message: 'network nope not found' };
    expect(await refused(shell().send('DELETE', '/networks/nope'))).toEqual(missing);
    expect(await refused(shell().get('/networks/nope'))).toEqual(missing);
  });

  it('a network that does not exist is noticed at the start', async () => {
    await shell().create('web', attachedTo('nope'));

    const message = 'network nope not found';
    expect(await refused(shell().start('web'))).toEqual({ status: 404, message });
    expect((await shell().inspect('web')).State).toMatchObject({
      Status: 'created',
      ExitCode: 128,
      Error: message,
    });
  });

  it('an engine before API 1.44 takes one network at the create', async () => {
    await shell().createNetwork('front');
    await shell().createNetwork('back');
    const both = { front: {}, back: {} };
    const body = {
      HostConfig: { NetworkMode: 'front' },
      NetworkingConfig: { EndpointsConfig: both },
    };

    if (isOld()) {
      expect(await refused(shell().create('web', body))).toEqual({
        status: 400,
        message: expect.stringMatching(
          /^Container cannot be connected to network endpoints: (back, front|front, back)$/,
        ),
      });
    } else {
      await shell().run('web', body);
      expect(networksOf(await shell().inspect('web'))).toEqual(['back', 'front']);
    }
  });

  it('aliases come back, with those that the engine adds', async () => {
    const front = await shell().createNetwork('front');
    await shell().createNetwork('back');
    const id = await shell().create('web', attachedTo('front', ['www']));
    const own = isOld() ? [id.slice(0, 12)] : [];
    expect(aliasesOf(await shell().inspect('web'), 'front')).toEqual(['www']);

    await shell().connect('back', 'web', ['api', 'www']);
    expect(aliasesOf(await shell().inspect('web'), 'back')).toEqual(['api', 'www', ...own]);
    await shell().start('web');

    const container = await shell().inspect('web');
    expect(aliasesOf(container, 'front')).toEqual(['www', ...own]);
    expect(aliasesOf(container, 'back')).toEqual(['api', 'www', ...own]);
    expect(container.NetworkSettings?.Networks?.['front']).toMatchObject({
      NetworkID: front,
      ...byAge(context, {}, { DNSNames: ['web', 'www', id.slice(0, 12)] }),
    });
  });

  it('a running container is attached to a network once', async () => {
    await shell().createNetwork('front');
    await shell().createNetwork('back');
    const id = await shell().run('web', attachedTo('front'));

    await shell().connect('back', 'web', ['www']);
    expect(networksOf(await shell().inspect('web'))).toEqual(['back', 'front']);
    expect(await refused(shell().connect('back', 'web'))).toEqual({
      status: 403,
      message: 'endpoint with name web already exists in network back',
    });
    await shell().disconnect('back', 'web');
    expect(await refused(shell().disconnect('back', 'web'))).toEqual({
      status: 500,
      message: `container ${id} is not connected to network back`,
    });
    expect(networksOf(await shell().inspect('web'))).toEqual(['front']);
  });

  it('what was taken off its first network stays off it', async () => {
    await shell().createNetwork('front');
    await shell().run('web', attachedTo('front'));

    await shell().disconnect('front', 'web');
    await shell().stop('web');
    await shell().start('web');

    const container = await shell().inspect('web');
    expect(networksOf(container)).toEqual([]);
    expect(container.NetworkSettings?.Ports).toEqual({});
    expect(container.HostConfig?.NetworkMode).toBe('front');
  });

  it('a network that is used by a running container is not removed', async () => {
    const id = await shell().createNetwork('front');
    await shell().run('web', attachedTo('front'));

    expect(await refused(shell().send('DELETE', '/networks/front'))).toEqual({
      status: 403,
      message: `error while removing network: network front id ${id} has active endpoints`,
    });
  });

  it('a stopped container holds on to the network that it had, not to its name', async () => {
    const id = await shell().createNetwork('front');
    await shell().run('web', attachedTo('front'));
    await shell().stop('web');

    await shell().send('DELETE', '/networks/front');
    await shell().createNetwork('front');

    expect(await refused(shell().start('web'))).toEqual({
      status: 404,
      message: `network ${id} not found`,
    });
    expect((await shell().inspect('web')).State).toMatchObject({ Status: 'exited', ExitCode: 128 });
    await shell().disconnect('front', 'web');
    await shell().connect('front', 'web');
    await shell().start('web');
  });

  it('what is not there is not connected', async () => {
    await shell().createNetwork('front');
    await shell().run('web', attachedTo('front'));
    const id = await shell().create('fresh');

    const nobody = { status: 404, message: 'No such container: nobody' };
    const nowhere = { status: 404, message: 'network nope not found' };
    expect(await refused(shell().connect('front', 'nobody'))).toEqual(nobody);
    expect(await refused(shell().disconnect('front', 'nobody'))).toEqual(nobody);
    expect(await refused(shell().connect('nope', 'web'))).toEqual(nowhere);
    await shell().connect('nope', 'fresh');
    expect(networksOf(await shell().inspect('fresh'))).toEqual(['bridge', 'nope']);
    expect(await refused(shell().disconnect('front', 'fresh'))).toEqual({
      status: 500,
      message: `container ${id} is not connected to the network front`,
    });
  });

  it('links are names of the endpoint, and on the bridge of the container', async () => {
    await shell().createNetwork('front');
    await shell().run('legacy');
    const links = ['legacy:db'];
    const EndpointsConfig = { front: { Links: links } };
    await shell().run('web', {
      HostConfig: { NetworkMode: 'front' },
      NetworkingConfig: { EndpointsConfig },
    });
    await shell().run('old', { HostConfig: { NetworkMode: 'bridge', Links: links } });
    await shell().create('lost', {
      HostConfig: { NetworkMode: 'front' },
      NetworkingConfig: {
        EndpointsConfig: { front: { Links: ['nobody:db'] } },
      },
    });
    await shell().start('lost');

    expect(linksOf(await shell().inspect('web'))).toEqual({ own: null, front: links });
    expect(linksOf(await shell().inspect('old'))).toEqual({
      own: ['/legacy:/old/db'],
      bridge: null,
    });
    expect(
      await refused(
        shell().create('none', { HostConfig: { NetworkMode: 'bridge', Links: ['nobody:db'] } }),
      ),
    ).toMatchObject({ message: expect.stringContaining('nobody') });
  });

  it('the networks that every engine has take no aliases', async () => {
    await shell().createNetwork('front');
    await shell().run('web', attachedTo('front'));
    await shell().connect('bridge', 'web');
    await shell().create('fresh');
    const named = (): Promise<string> => shell().create('named', attachedTo('bridge', ['www']));

    expect(aliasesOf(await shell().inspect('web'), 'bridge')).toBeNull();
    const message = byAge(context, scopedAlias, `invalid endpoint settings:\n${scopedAlias}`);
    expect(await refused(shell().connect('bridge', 'fresh', ['www']))).toEqual({
      status: 400,
      message,
    });
    if (isOld()) {
      await named();
      expect(await refused(shell().start('named'))).toEqual({ status: 400, message });
    } else {
      expect(await refused(named())).toEqual({
        status: 400,
        message: `invalid config for network bridge: ${message}`,
      });
    }
  });

  it('with the network of the host or none there is no other', async () => {
    await shell().createNetwork('front');
    await shell().run('host', { HostConfig: { NetworkMode: 'host' } });
    await shell().run('none', { HostConfig: { NetworkMode: 'none' } });

    expect((await shell().inspect('host')).NetworkSettings?.Ports).toEqual({});
    expect(networksOf(await shell().inspect('none'))).toEqual(['none']);
    expect(await refused(shell().connect('front', 'host'))).toEqual({
      status: 400,
      message:
        'container sharing network namespace with another container or host cannot be connected to any other network',
    });
    expect(await refused(shell().connect('front', 'none'))).toEqual({
      status: 400,
      message:
        'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    });
  });
}

function attachedTo(network: string, aliases?: readonly string[]): object {
  const EndpointsConfig = aliases === undefined ? {} : { [network]: { Aliases: aliases } };
  return { HostConfig: { NetworkMode: network }, NetworkingConfig: { EndpointsConfig } };
}

function networksOf(container: WireContainer): readonly string[] {
  return Object.keys(container.NetworkSettings?.Networks ?? {}).toSorted();
}

/** Those of the container, and those of each endpoint. */
function linksOf({ HostConfig: host, NetworkSettings: settings }: WireContainer): object {
  const endpoints = Object.entries(settings?.Networks ?? {});
  return {
    own: host?.Links ?? null,
    ...Object.fromEntries(endpoints.map(([name, endpoint]) => [name, endpoint?.Links ?? null])),
  };
}

function aliasesOf(container: WireContainer, network: string): readonly string[] | null {
  return container.NetworkSettings?.Networks?.[network]?.Aliases ?? null;
}
