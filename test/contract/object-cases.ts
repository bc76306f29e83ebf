import { expect, it } from 'vitest';

import type {
  WireContainer,
  WireEvent,
  WireImage,
  WireListedImage,
  WireVolume,
} from '../../src/fleet/wire.ts';
import { mountArchive } from '../../src/fleet/file-archive.ts';
import type { ContractContext } from './contract-context.ts';
import { byAge, firstWordsOf } from './contract-context.ts';
import type { EngineShell } from './engine-shell.ts';
import { never, refused } from './engine-shell.ts';

/** Volumes, images and events. */
export function objectCases(context: ContractContext): void {
  const { shell, bench } = context;
  const createVolume = (body: object): Promise<WireVolume> =>
    shell().host.json<WireVolume>({
      what: 'create volume',
      method: 'POST',
      path: '/volumes/create',
      body,
      deadlineMs: 60_000,
      signal: never,
    });
  const volumeNames = async (): Promise<readonly string[]> => {
    const { Volumes } = await shell().get<{ readonly Volumes: readonly WireVolume[] | null }>(
      '/volumes',
    );
    return (Volumes ?? []).map(({ Name }) => Name).toSorted();
  };

  it('a volume that exists is handed over as it is', async () => {
    const first = await createVolume({ Name: 'data', Labels: { team: 'a' } });

    const second = await createVolume({ Name: 'data', Labels: { team: 'b' } });

    expect(first).toMatchObject({ Name: 'data', Driver: 'local', Labels: { team: 'a' } });
    expect(second).toEqual(first);
    expect(await shell().get('/volumes/data')).toEqual(first);
    expect(await refused(createVolume({ Name: 'd' }))).toEqual({
      status: 400,
      message:
        'create d: volume name is too short, names should be at least two alphanumeric characters',
    });
    expect(await refused(shell().get('/volumes/nope'))).toEqual({
      status: 404,
      message: 'get nope: no such volume',
    });
  });

  it('a create makes the volumes that are missing, and a removal takes only those without a name', async () => {
    const Mounts = [
      { Type: 'volume', Source: 'data', Target: '/data' },
      { Type: 'volume', Source: '', Target: '/scratch' },
    ];
    const id = await shell().create('web', {
      HostConfig: { Mounts, Binds: ['logs:/logs:ro', '/tmp/fleetwright-contract/new:/new'] },
    });

    const names = await volumeNames();
    const points = mountsOf(await shell().inspect('web'));

    const anonymous = names.find((name) => /^[0-9a-f]{64}$/.test(name));
    expect(names.filter((name) => name !== anonymous)).toEqual(['data', 'logs']);
    expect(points).toMatchObject([
      { Type: 'volume', Name: 'data', Destination: '/data', RW: true },
      { Type: 'volume', Name: 'logs', Destination: '/logs', RW: false },
      { Type: 'bind', Source: '/tmp/fleetwright-contract/new', Destination: '/new', RW: true },
      { Type: 'volume', Name: anonymous, Destination: '/scratch', RW: true },
    ]);
    expect(await refused(shell().send('DELETE', '/volumes/data'))).toEqual({
      status: 409,
      message: `remove data: volume is in use - [${id}]`,
    });
    await shell().remove('web', { v: '1' });
    expect(await volumeNames()).toEqual(['data', 'logs']);
  });

  it('a volume is filled through a container that never runs, and its parts are mounted from its folder', async () => {
    const label = { team: 'a', part: 'x' };
    const volume = (Target: string, ReadOnly: boolean): object => ({
      Type: 'volume',
      Source: 'conf',
      Target,
      ReadOnly,
      VolumeOptions: { NoCopy: true, Labels: label },
    });
    await shell().create('filler', {
      Entrypoint: ['/'],
      HostConfig: { NetworkMode: 'none', Mounts: [volume('/all', false)] },
    });
    const [point] = mountsOf(await shell().inspect('filler')) as readonly { Source: string }[];
    const folder = point?.Source ?? '';
    const owner = { mode: 0o644, uid: 0, gid: 0 };
    const files = [{ target: 'a/b', content: 'aGVsbG8=', ...owner }];
    const archive = await mountArchive(
      [{ target: '/conf', kind: 'folder', readOnly: true, files }],
      'all',
      null,
    );
    const part = (number: number): object => ({
      Type: 'bind',
      Source: `${folder}/${number}`,
      Target: '/conf',
      ReadOnly: true,
    });

    await shell().send('PUT', '/containers/filler/archive', { query: { path: '/' }, archive });
    await shell().create('web', {
      HostConfig: { ReadonlyRootfs: true, Mounts: [volume('/all', true), part(0)] },
    });
    await shell().remove('filler', { force: '1', v: '1' });
    await shell().start('web');

    expect(await shell().files('web', '/conf')).toEqual({ 'conf/a/b': 'hello' });
    expect(
      await refused(shell().create('other', { HostConfig: { Mounts: [part(1)] } })),
    ).toMatchObject({ status: 400 });
    const dangling = (...labels: readonly string[]): Promise<object> =>
      shell().get('/volumes', {
        filters: JSON.stringify({ dangling: ['true'], label: labels }),
      });
    expect(await dangling('part', 'team=a')).toMatchObject({ Volumes: [] });
    await shell().remove('web', { force: '1', v: '1' });
    expect(await dangling('part', 'team=a')).toMatchObject({ Volumes: [{ Name: 'conf' }] });
    expect(await dangling('part', 'team=b')).toMatchObject({ Volumes: [] });
    await shell().send('DELETE', '/volumes/conf');
    expect(await volumeNames()).toEqual([]);
  });

  it('a container has the mounts of another one, its own before them', async () => {
    const Mounts = [mount('data', '/data'), mount('theirs', '/both')];
    const id = await shell().create('keeper', { HostConfig: { Mounts } });
    await shell().create('web', {
      HostConfig: { Mounts: [mount('own', '/both')], VolumesFrom: [`${id}:ro`] },
    });

    const web = await shell().inspect('web');

    expect(web.HostConfig?.VolumesFrom).toEqual([`${id}:ro`]);
    expect(mountsOf(web)).toMatchObject([
      { Name: 'own', Destination: '/both', RW: true },
      { Name: 'data', Destination: '/data', RW: false },
    ]);
    expect(
      await refused(shell().create('lost', { HostConfig: { VolumesFrom: ['nobody'] } })),
    ).toEqual({ status: 400, message: 'No such container: nobody' });
  });

  it('files of a volume are written anew while a container that may only read them runs', async () => {
    const create = (name: string, mounts: readonly object[]): Promise<string> =>
      shell().create(name, { HostConfig: { NetworkMode: 'none', Mounts: mounts } });
    const put = async (text: string): Promise<void> => {
      const content = Buffer.from(text).toString('base64');
      const files = [{ target: 'a', content, mode: 0o644, uid: 0, gid: 0 }];
      const mount = { target: '/conf', kind: 'folder', readOnly: true, files } as const;
      const archive = await mountArchive([mount], 'all', null);
      await shell().send('PUT', '/containers/filler/archive', { query: { path: '/' }, archive });
    };
    await create('filler', [sharedVolume(false)]);
    await put('old');
    const [point] = mountsOf(await shell().inspect('filler')) as readonly { Source: string }[];
    const bind = (path: string, Target: string): object => ({
      Type: 'bind',
      Source: `${point?.Source ?? ''}/0${path}`,
      Target,
      ReadOnly: true,
    });
    await create('web', [sharedVolume(true), bind('', '/conf'), bind('/a', '/one')]);
    await shell().start('web');

    await put('new');

    expect(await shell().files('web', '/conf/a')).toEqual({ a: 'new' });
    expect(await shell().files('web', '/all/0/a')).toEqual({ a: 'new' });
    // The engine looks past the container: its program goes on seeing the old file.
    expect(await shell().files('web', '/one')).toEqual({ one: 'new' });
    await shell().stop('web', 0);
    expect(await shell().files('web', '/all/0/a')).toEqual({ a: 'new' });
  });

  it('a removal that says nothing of volumes leaves those without a name too', async () => {
    const Mounts = [{ Type: 'volume', Source: '', Target: '/scratch' }];
    await shell().create('web', { HostConfig: { Mounts } });
    const before = await volumeNames();

    await shell().remove('web');

    expect(before).toHaveLength(1);
    expect(await volumeNames()).toEqual(before);
  });

  it('an image says what it is, by name and by id', async () => {
    const image = await shell().get<WireImage>('/images/testapp:unhealthy/json');

    expect(image).toMatchObject({
      Id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      RepoTags: ['testapp:unhealthy'],
      Os: 'linux',
      Architecture: 'amd64',
      Config: {
        User: '',
        Cmd: ['testapp'],
        Entrypoint: null,
        Env: ['PATH=/bin', 'VERSION=unhealthy', 'HEALTH=fail'],
        ExposedPorts: { '8080/tcp': {} },
        Labels: null,
        Volumes: null,
        WorkingDir: '/',
        Healthcheck: {
          Test: ['CMD', 'testapp', 'check'],
          Interval: 1e9,
          Timeout: 2e9,
          Retries: 2,
        },
      },
    });
    expect(await shell().get(`/images/${image.Id}/json`)).toEqual(image);
    expect(await refused(shell().get('/images/testapp:nope/json'))).toEqual({
      status: 404,
      message: byAge(
        context,
        'no such image: testapp:nope: No such image: testapp:nope',
        'No such image: testapp:nope',
      ),
    });
  });

  it('a container keeps its image when the tag moves', async () => {
    const tag = (from: string): Promise<void> =>
      shell().send('POST', `/images/${from}/tag`, { query: { repo: 'contract', tag: 'moving' } });
    await tag('testapp:v1');
    await shell().create('web', { Image: 'contract:moving' });
    expect((await shell().list({ all: '1' }))[0]?.Image).toBe('contract:moving');

    await tag('testapp:v2');

    const { Id: first } = await shell().get<WireImage>('/images/testapp:v1/json');
    const { Id: second } = await shell().get<WireImage>('/images/contract:moving/json');
    const listed = await shell().get<readonly WireListedImage[]>('/images/json');
    expect(second).not.toBe(first);
    expect(await shell().inspect('web')).toMatchObject({
      Image: first,
      Config: { Image: 'contract:moving' },
    });
    expect((await shell().list({ all: '1' }))[0]?.Image).toBe(first);
    const tags = listed.find(({ Id }) => Id === second)?.RepoTags ?? [];
    expect(tags.toSorted()).toEqual(['contract:moving', 'testapp:v2']);
  });

  it('an image loses a name, and is not taken from under a container', async () => {
    const tag = (name: string): Promise<void> =>
      shell().send('POST', '/images/testapp:v1/tag', { query: { repo: 'contract', tag: name } });
    // What other tests have pulled may be this image under another name.
    const { RepoTags = [] } = await shell().get<WireImage>('/images/testapp:v1/json');
    for (const name of RepoTags ?? []) {
      if (name !== 'testapp:v1') await shell().send('DELETE', `/images/${name}`);
    }
    await tag('one');
    const { Id: id } = await shell().get<WireImage>('/images/contract:one/json');
    await shell().create('web', { Image: 'contract:one' });

    const refusedById = await refused(shell().send('DELETE', `/images/${id}`));
    await shell().send('DELETE', '/images/contract:one');

    expect(refusedById).toEqual({ status: 409, message: expect.stringMatching(/must be forced/) });
    expect(await shell().get<WireImage>('/images/testapp:v1/json')).toMatchObject({
      Id: id,
      RepoTags: ['testapp:v1'],
    });
    const [listed] = await shell().list({ all: '1' });
    expect(listed?.ImageID).toBe(id);
    expect(await refused(shell().send('DELETE', '/images/testapp:v1'))).toEqual({
      status: 409,
      message: expect.stringMatching(/must force.* - container \S+ is using its referenced image/),
    });
    expect(await refused(shell().send('DELETE', `/images/${id}`))).toEqual({
      status: 409,
      message: expect.stringMatching(/image is being used by stopped container/),
    });
    await shell().start('web');
    expect(await refused(shell().send('DELETE', `/images/${id}`))).toEqual({
      status: 409,
      message: expect.stringMatching(/image is being used by running container/),
    });
    expect((await refused(shell().send('DELETE', '/images/contract:one'))).status).toBe(404);
  });

  it('a registry that cannot be reached is a refusal, and so is what is no name', async () => {
    const { status, message } = await refused(pull(shell(), '127.0.0.1:1/web'));

    expect(status).toBe(500);
    expect(message).toMatch(
      /^Get "https?:\/\/127\.0\.0\.1:1\/v2\/": dial tcp \S+: connect: connection refused$/,
    );
    expect(await refused(pull(shell(), 'UPPER'))).toEqual({
      status: 400,
      message: byAge(
        context,
        'invalid reference format: repository name must be lowercase',
        'invalid reference format: repository name (library/UPPER) must be lowercase',
      ),
    });
  });

  it('a question to a registry that cannot be reached is a refusal', async () => {
    const { status, message } = await refused(shell().get('/distribution/127.0.0.1:1/web:v1/json'));

    expect(status).toBe(500);
    expect(message).toMatch(
      /^Get "https?:\/\/127\.0\.0\.1:1\/v2\/": dial tcp \S+: connect: connection refused$/,
    );
  });

  it('an image for another platform is taken', async () => {
    const id = await shell().create('web', { Image: 'testapp:arm64' });

    const image = await shell().get<WireImage>('/images/testapp:arm64/json');
    expect(image.Architecture).toBe('arm64');
    expect((await shell().inspect(id)).Image).toBe(image.Id);
  });

  it('events tell of everything that the operator must look at', async () => {
    let id = '';
    let network = '';
    const events = await bench().eventsDuring(async () => {
      network = await shell().createNetwork('front');
      id = await shell().run('web', {
        Labels: { team: 'a' },
        HostConfig: { NetworkMode: 'front' },
      });
      // One that gets no signals yet would be killed after its grace.
      await firstWordsOf(context, 'web');
      await shell().update('web', { RestartPolicy: { Name: 'always' } });
      await shell().rename('web', 'renamed');
      await shell().tell(id, 'pause');
      await shell().tell(id, 'unpause');
      await shell().stop(id);
      await shell().remove(id);
      await createVolume({ Name: 'data' });
      await shell().send('DELETE', '/volumes/data');
      await shell().send('DELETE', `/networks/${network}`);
    });

    // A newer engine says of its death when it has said, or is just saying, that it was stopped.
    const isLate = (words: string): boolean =>
      byAge(context, false, words === 'container die renamed');
    const inOrder = (words: string): boolean => !words.startsWith('volume') && !isLate(words);
    expect(events.map(wordsOf).filter(inOrder)).toEqual([
      'network create front',
      'container create web',
      'network connect front',
      'container start web',
      'container update web',
      'container rename renamed',
      'container pause renamed',
      'container unpause renamed',
      'container kill renamed',
      ...byAge(context, ['container die renamed'], []),
      'network disconnect front',
      'container stop renamed',
      'container destroy renamed',
      'network destroy front',
    ]);
    expect(events.map(({ Type, Action }) => `${Type} ${Action}`)).toContain('volume create');
    expect(events.find(({ Action }) => Action === 'connect')?.Actor).toMatchObject({
      ID: network,
      Attributes: { container: id, name: 'front', type: 'bridge' },
    });
    expect(events.find(({ Action }) => Action === 'die')?.Actor).toMatchObject({
      ID: id,
      Attributes: { exitCode: '0', image: 'testapp:v1', team: 'a' },
    });
  });

  it('a start that fails ends as it began', async () => {
    const events = await bench().eventsDuring(async () => {
      await shell().create('web', { Cmd: ['/nope'] });
      await refused(shell().start('web'));
    });

    expect(events.map(wordsOf)).toEqual([
      'container create web',
      'network connect bridge',
      'network disconnect bridge',
    ]);
  });
}

function mount(Source: string, Target: string): object {
  return { Type: 'volume', Source, Target };
}

async function pull(shell: EngineShell, fromImage: string): Promise<void> {
  const stream = await shell.host.stream({
    what: 'pull',
    method: 'POST',
    path: '/images/create',
    query: { fromImage, tag: 'v1' },
    deadlineMs: 60_000,
    signal: never,
  });
  stream.resume();
}

function wordsOf({ Type, Action, Actor }: WireEvent): string {
  return `${Type} ${Action} ${Actor?.Attributes?.['name'] ?? ''}`;
}

/** The engine says them in another order each time. */
function mountsOf(container: WireContainer): readonly object[] {
  return (container.Mounts ?? []).toSorted((a, b) =>
    (a.Destination ?? '') < (b.Destination ?? '') ? -1 : 1,
  );
}

function sharedVolume(ReadOnly: boolean): object {
  const VolumeOptions = { NoCopy: true };
  return { Type: 'volume', Source: 'conf', Target: '/all', ReadOnly, VolumeOptions };
}
