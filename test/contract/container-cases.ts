import { expect, it } from 'vitest';

import type { WireImage } from '../../src/fleet/wire.ts';
import { mountArchive } from '../../src/fleet/file-archive.ts';
import { demultiplex } from '../../src/fleet/evidence.ts';
import type { ContractContext } from './contract-context.ts';
import { byAge, firstWordsOf } from './contract-context.ts';
import { refused } from './engine-shell.ts';

const neverTime = '0001-01-01T00:00:00Z';

/** Create, change and remove: what is said, and what is refused in which words. */
export function containerCases(context: ContractContext): void {
  const { shell } = context;
  it('says what it is', async () => {
    const version = await shell().get('/version');
    const info = await shell().get<{ readonly SystemTime: string }>('/info');

    expect(version).toMatchObject({ Os: 'linux', Arch: 'amd64', ApiVersion: expect.any(String) });
    expect(info).toMatchObject({ ID: expect.any(String), Name: expect.any(String) });
    expect(Date.parse(info.SystemTime)).toBeGreaterThan(0);
    await shell().send('POST', '/_ping', { method: 'GET' });
  });

  it('a created container is there under id and name', async () => {
    const id = await shell().create('web', { Labels: { team: 'a' } });
    const image = await shell().get<WireImage>('/images/testapp:v1/json');

    const container = await shell().inspect('web');

    expect(container).toMatchObject({
      Id: id,
      Name: '/web',
      Image: image.Id,
      RestartCount: 0,
      State: {
        Status: 'created',
        Running: false,
        Paused: false,
        Restarting: false,
        OOMKilled: false,
        ExitCode: 0,
        Error: '',
        StartedAt: neverTime,
        FinishedAt: neverTime,
      },
      Config: {
        Image: 'testapp:v1',
        Cmd: ['testapp'],
        Entrypoint: null,
        Env: ['PATH=/bin', 'VERSION=v1'],
        Labels: { team: 'a' },
        Hostname: id.slice(0, 12),
        WorkingDir: '/',
        ExposedPorts: { '8080/tcp': {} },
      },
      HostConfig: byAge(
        context,
        { NetworkMode: 'default', RestartPolicy: { Name: '', MaximumRetryCount: 0 } },
        { NetworkMode: 'bridge', RestartPolicy: { Name: 'no', MaximumRetryCount: 0 } },
      ),
      NetworkSettings: { Ports: {}, Networks: { bridge: { Aliases: null } } },
    });
    expect(container.State?.Health).toBeUndefined();
    expect(await shell().inspect(id)).toEqual(container);
    expect(await shell().inspect(id.slice(0, 12))).toEqual(container);
  });

  it('a name is taken once', async () => {
    const id = await shell().create('web');

    expect(await refused(shell().create('web'))).toEqual({
      status: 409,
      message: `Conflict. The container name "/web" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
    });
    expect(await refused(shell().create('w'))).toEqual({
      status: 400,
      message: 'Invalid container name (w), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    });
  });

  it('what does not exist is 404', async () => {
    const nobody = { status: 404, message: 'No such container: nobody' };

    expect(await refused(shell().create('web', { Image: 'nope:v1' }))).toEqual({
      status: 404,
      message: 'No such image: nope:v1',
    });
    expect(await refused(shell().inspect('nobody'))).toEqual(nobody);
    expect(await refused(shell().start('nobody'))).toEqual(nobody);
    expect(await refused(shell().stop('nobody'))).toEqual(nobody);
    expect(await refused(shell().remove('nobody'))).toEqual(nobody);
    expect(await refused(shell().tell('nobody', 'unpause'))).toEqual(nobody);
    expect(await refused(shell().rename('nobody', 'web'))).toEqual(nobody);
    expect(await refused(shell().update('nobody', { PidsLimit: 10 }))).toEqual(nobody);
    expect(await refused(shell().log('nobody', { stdout: '1' }))).toEqual(nobody);
    const request = { what: 'x', path: '/containers/nobody/json', deadlineMs: 10_000 };
    const signal = new AbortController().signal;
    expect(await shell().host.find({ ...request, signal })).toBeNull();
  });

  const check = { Test: ['CMD', 'testapp', 'check'] };
  const bind = { Type: 'bind', Source: '/contract/missing', Target: '/data' };
  it.each([
    ['Minimum memory limit allowed is 6MB', { HostConfig: { Memory: 1000 } }],
    [
      'Minimum memory limit can not be less than memory reservation limit, see usage',
      { HostConfig: { Memory: 67_108_864, MemoryReservation: 134_217_728 } },
    ],
    [
      "invalid restart policy 'sometimes'",
      { HostConfig: { RestartPolicy: { Name: 'sometimes' } } },
      unknownPolicy('sometimes'),
    ],
    [
      "maximum retry count cannot be used with restart policy 'always'",
      { HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 3 } } },
      "invalid restart policy: maximum retry count can only be used with 'on-failure'",
    ],
    [
      'invalid port specification: "99999"',
      { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '99999' }] } } },
    ],
    [
      'invalid port specification: "x"',
      { HostConfig: { PortBindings: { 'x/tcp': [{ HostPort: '99' }] } } },
    ],
    [
      'invalid mount config for type "bind": bind source path does not exist: /contract/missing',
      { HostConfig: { Mounts: [bind] } },
    ],
    [
      'Interval in Healthcheck cannot be less than 1ms',
      { Healthcheck: { ...check, Interval: 100 } },
    ],
    ['Retries in Healthcheck cannot be negative', { Healthcheck: { ...check, Retries: -1 } }],
  ])('refuses a configuration: %s', async (old, body, since = old) => {
    const message = byAge(context, old, since);
    expect(await refused(shell().create('web', body))).toEqual({ status: 400, message });
    expect(await shell().list({ all: '1' })).toEqual([]);
  });

  it('refuses what has no body, and an old engine each such request', async () => {
    const create = shell().send('POST', '/containers/create', { query: { name: 'web' }, body: {} });
    const old = { status: 500, message: 'EOF' };
    const message = 'invalid JSON: got EOF while reading request body';
    const nobody = { status: 404, message: 'No such container: nobody' };

    expect(await refused(create)).toEqual(byAge(context, old, { status: 400, message }));
    expect(await refused(shell().update('nobody', {}))).toEqual(byAge(context, old, nobody));
  });

  it('what the image says is filled in, field by field', async () => {
    await shell().create('own', {
      Image: 'testapp:unhealthy',
      Env: ['MINE=1', 'VERSION', 'HEALTH=ok'],
      Entrypoint: ['testapp'],
      ExposedPorts: { '9090/udp': {} },
      Healthcheck: { Interval: 5e9 },
      Hostname: 'own-host',
      User: '1000',
      StopTimeout: 3,
    });
    await shell().create('none', { Image: 'testapp:unhealthy', Healthcheck: { Test: ['NONE'] } });

    expect((await shell().inspect('own')).Config).toMatchObject({
      Env: ['MINE=1', 'VERSION', 'HEALTH=ok', 'PATH=/bin'],
      Cmd: null,
      Entrypoint: ['testapp'],
      ExposedPorts: { '8080/tcp': {}, '9090/udp': {} },
      Healthcheck: {
        Test: ['CMD', 'testapp', 'check'],
        Interval: 5e9,
        Timeout: 2e9,
        Retries: 2,
      },
      Hostname: 'own-host',
      User: '1000',
      StopTimeout: 3,
    });
    expect((await shell().inspect('none')).Config?.Healthcheck).toEqual({
      Test: ['NONE'],
      Interval: 1e9,
      Timeout: 2e9,
      Retries: 2,
    });
  });

  it('resources come back as they were asked for, the swap doubled', async () => {
    const HostConfig = { Memory: 67_108_864, NanoCpus: 500_000_000, PidsLimit: 50 };
    await shell().create('web', { HostConfig });
    await shell().create('free');

    expect((await shell().inspect('web')).HostConfig).toMatchObject({
      ...HostConfig,
      MemorySwap: 134_217_728,
    });
    expect((await shell().inspect('free')).HostConfig).toMatchObject({
      Memory: 0,
      NanoCpus: 0,
      PidsLimit: null,
    });
  });

  it('shares and sets of CPUs change in place, and zero changes nothing', async () => {
    await shell().run('web', { HostConfig: { CpuShares: 512, CpusetCpus: '0' } });

    await shell().update('web', { CpuShares: 256 });
    await shell().update('web', { CpuShares: 0, CpusetCpus: '' });

    expect((await shell().inspect('web')).HostConfig).toMatchObject({
      CpuShares: 256,
      CpusetCpus: '0',
    });
  });

  it('limits and the restart policy change in place', async () => {
    const id = await shell().run('web', { HostConfig: { PidsLimit: 50 } });
    const limit = 67_108_864;

    const RestartPolicy = { Name: 'on-failure', MaximumRetryCount: 2 };
    await shell().update('web', { RestartPolicy });
    await shell().update('web', { Memory: limit, MemorySwap: 2 * limit, PidsLimit: -1 });

    expect((await shell().inspect('web')).HostConfig).toMatchObject({
      RestartPolicy,
      Memory: limit,
      MemorySwap: 2 * limit,
      PidsLimit: 0,
    });
    expect(await refused(shell().update('web', { Memory: 3 * limit }))).toEqual({
      status: 409,
      message: `Cannot update container ${id}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`,
    });
    expect(await refused(shell().update('web', { Memory: 1000 }))).toEqual({
      status: 400,
      message: 'Minimum memory limit allowed is 6MB',
    });
    expect(await refused(shell().update('web', { RestartPolicy: { Name: 'x' } }))).toEqual({
      status: 400,
      message: byAge(context, "invalid restart policy 'x'", unknownPolicy('x')),
    });
  });

  it('a name changes, unless it is taken or no name', async () => {
    const id = await shell().create('web');
    const other = await shell().create('other');

    await shell().rename('web', 'renamed');

    expect((await shell().inspect(id)).Name).toBe('/renamed');
    expect(await refused(shell().inspect('web'))).toMatchObject({ status: 404 });
    expect(await refused(shell().rename('renamed', 'other'))).toEqual({
      status: 409,
      message: `Error when allocating new name: Conflict. The container name "/other" is already in use by container "${other}". You have to remove (or rename) that container to be able to reuse that name.`,
    });
    expect(await refused(shell().rename('renamed', 'renamed'))).toEqual({
      status: 400,
      message: 'Renaming a container with the same name as its current name',
    });
    expect(await refused(shell().rename('renamed', 'r'))).toEqual({
      status: 400,
      message:
        'Error when allocating new name: Invalid container name (/r), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    });
    await shell().create('web');
  });

  it('only what does not run is removed, unless by force', async () => {
    const id = await shell().run('web');
    await shell().create('fresh');

    expect(await refused(shell().remove('web'))).toEqual({
      status: 409,
      message: byAge(
        context,
        `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
        'cannot remove container "/web": container is running: stop the container before removing or force remove',
      ),
    });
    await shell().tell('web', 'pause');
    expect(await refused(shell().remove('web'))).toEqual({
      status: 409,
      message: byAge(
        context,
        `You cannot remove a paused container ${id}. Unpause and then stop the container before attempting removal or force remove`,
        'cannot remove container "/web": container is paused and must be unpaused first',
      ),
    });
    await shell().remove('web', { force: '1' });
    await shell().remove('fresh');

    expect(await shell().list({ all: '1' })).toEqual([]);
    await shell().create('web');
  });

  it('files are copied in before the first start', async () => {
    await shell().create('web');
    await shell().create('closed', { HostConfig: { ReadonlyRootfs: true } });
    const file = { target: 'conf', content: 'aGVsbG8=', mode: 0o644, uid: 0, gid: 0 };
    const mount = { target: '', kind: 'folder', readOnly: true, files: [file] } as const;
    const archive = await mountArchive([mount], 'etc', null);
    const put = (name: string, path: string, bytes: Buffer): Promise<void> =>
      shell().send('PUT', `/containers/${name}/archive`, { query: { path }, archive: bytes });

    await put('web', '/', archive);
    await shell().start('web');

    expect(await shell().files('web', '/etc/0/conf')).toEqual({ conf: 'hello' });
    expect(await refused(shell().files('web', '/etc/none'))).toMatchObject({ status: 404 });

    expect(await refused(put('closed', '/', archive))).toEqual({
      status: 500,
      message: 'container rootfs is marked read-only',
    });
    expect(await refused(put('web', '/missing', archive))).toEqual({
      status: 404,
      message: 'Could not find the file /missing in container web',
    });
    expect(await refused(put('web', '/', Buffer.from('garbage\n')))).toEqual({
      status: 500,
      message: byAge(
        context,
        'Error processing tar file(exit status 1): unexpected EOF',
        'unexpected EOF',
      ),
    });
  });

  it('the log comes in frames, the last lines of them', async () => {
    const all = { stdout: '1', stderr: '1', tail: '20' };
    await shell().create('fresh');
    await shell().run('crash', { Image: 'testapp:crash' });
    await shell().run('web');

    const bytes = await firstWordsOf(context, 'web');
    const crash = await firstWordsOf(context, 'crash');

    expect([...bytes.subarray(0, 4)]).toEqual([1, 0, 0, 0]);
    expect(bytes.readUInt32BE(4)).toBe(bytes.length - 8);
    expect(demultiplex(bytes)).toMatch(/listening.*\n$/);
    expect(demultiplex(crash)).toMatch(/exits .*\n$/);
    expect(await shell().log('web', { stderr: '1' })).toEqual(Buffer.alloc(0));
    expect(await shell().log('fresh', all)).toEqual(Buffer.alloc(0));
    expect(await refused(shell().log('web', {}))).toEqual({
      status: 400,
      message: 'Bad parameters: you must choose at least one stream',
    });
  });

  it('the list says what can be told without an inspect', async () => {
    const labels = { team: 'a' };
    const first = await shell().create('first', { Labels: labels });
    const second = await shell().run('second');
    const { Id: image } = await shell().get<WireImage>('/images/testapp:v1/json');

    expect(await shell().list()).toMatchObject([{ Id: second, State: 'running' }]);
    expect(await shell().list({ all: '1' })).toMatchObject([
      {
        Id: second,
        Names: ['/second'],
        Image: 'testapp:v1',
        ImageID: image,
        Ports: [{ PrivatePort: 8080, Type: 'tcp' }],
        Status: expect.stringMatching(/^Up /),
      },
      { Id: first, Labels: labels, State: 'created', Status: 'Created', Ports: [] },
    ]);
  });
}

function unknownPolicy(name: string): string {
  return `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`;
}
