import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { validateFleet } from '../../src/generated/validators.js';
import { detectCgroups, processesIn } from '../../src/sandbox/cgroups.ts';
import { hostLayout, layoutOf } from '../../src/sandbox/layout.ts';
import { processName, signalProcess } from '../../src/sandbox/processes.ts';
import { leftovers } from '../../src/sandbox/removal.ts';
import type { SandboxDescription } from '../../src/sandbox/sandbox.ts';
import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import { eventually } from '../support/eventually.ts';
import { runFleetScript, spawnFleetScript } from '../support/fleet-script.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';
import { secondFolder } from '../support/second-folder.ts';

const dir = secondFolder(dirname(sharedSandbox().fleet));

afterAll(async () => {
  await runFleetScript('down', '--dir', dir);
});

describe('npm run fleet', () => {
  let sandbox: SandboxDescription;
  let host: HostDescription;

  beforeAll(async () => {
    const result = await runFleetScript('up', '--hosts', '1', '--dir', dir);
    expect(result.stderr).toContain('up after');
    sandbox = JSON.parse(result.stdout) as SandboxDescription;
    host = hostOf(sandbox, 0);
  });

  it('up prints where everything is', () => {
    expect(sandbox.fleet).toBe(join(dir, 'fleet.yaml'));
    expect(sandbox.credentials).toBe(join(dir, 'credentials'));
    expect(sandbox.images).toContain('testapp:v1');
    expect(sandbox.system).toBeNull();
    expect(sandbox.hosts).toEqual([
      {
        name: 'host-1',
        endpoint: `tcp://${host.address}:2376`,
        address: host.address,
        env: {
          DOCKER_HOST: `tcp://${host.address}:2376`,
          DOCKER_TLS_VERIFY: '1',
          DOCKER_CERT_PATH: join(dir, 'credentials', 'host-1'),
        },
      },
    ]);
  });

  it('up writes a fleet.yaml that the schema takes', () => {
    const written: unknown = parse(readFileSync(sandbox.fleet, 'utf8'));

    expect(validateFleet(written), JSON.stringify(validateFleet.errors)).toBe(true);
    expect(written).toMatchObject({ hosts: [{ name: 'host-1', address: host.address }] });
  });

  it('the engine knows a client by its certificate', async () => {
    expect(await shellOf(host).info()).toMatchObject({ Name: 'host-1' });
    await expect(fetchWithoutCertificate(host)).rejects.toThrow(/certificate/);
  });

  it('every engine has the same images', async () => {
    const own = await imageIds(host);

    expect(Object.keys(own).toSorted()).toEqual(sandbox.images.toSorted());
    for (const other of sharedSandbox().hosts) expect(await imageIds(other)).toMatchObject(own);
  });

  it('what an engine leaves behind when it is killed lies in the folder of its host', () => {
    const cgroups = detectCgroups();
    const { cgroup, folder } = hostLayout(layoutOf(dir), 1);
    const pids = processesIn(cgroups, `${cgroup}/d`);
    for (const name of ['dockerd', 'containerd']) {
      const pid = pids.find((one) => processName(one) === name);
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      expect(environment).toContain(`TMPDIR=${folder}`);
    }
  });

  it('up refuses a folder that has a fleet', async () => {
    const result = await runFleetScript('up', '--hosts', '1', '--dir', dir);

    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('a fleet is there already');
    expect(await shellOf(host).ping()).toBeTruthy();
  });

  it('down leaves nothing after everything was killed', async () => {
    await runApp(host, 'testapp:stubborn');
    const layout = layoutOf(dir);
    const pids = processesIn(detectCgroups(), layout.cgroup);
    for (const pid of pids) signalProcess(pid, 'SIGKILL');
    writeFileSync(join(dir, 'notes.txt'), 'not of the sandbox');

    expect(await runFleetScript('down', '--dir', dir)).toMatchObject({ code: 0, stdout: '' });

    expect(await leftovers(layout)).toEqual([]);
    expect(pids.filter((pid) => processName(pid) !== null)).toEqual([]);
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(layout.id);
    expect(readdirSync(dir)).toEqual(['notes.txt']);
    rmSync(dir, { recursive: true });
  });

  it.each([{ afterMs: 450 }, { afterMs: 700 }, { afterMs: 950 }, { afterMs: 1200 }])(
    'down leaves nothing after "up" was killed within $afterMs ms',
    async ({ afterMs }) => {
      const up = spawnFleetScript('up', '--hosts', '2', '--dir', dir);
      await sleep(afterMs);
      killGroup(up.pid ?? Number.NaN);

      expect(await runFleetScript('down', '--dir', dir)).toMatchObject({ code: 0 });

      expect(await leftovers(layoutOf(dir))).toEqual([]);
      expect(existsSync(dir)).toBe(false);
    },
  );

  it('down ends an "up" that goes on after its npm was killed', async () => {
    const up = spawnFleetScript('up', '--hosts', '2', '--dir', dir);
    await once(up.stderr ?? up, 'data');
    up.kill('SIGKILL');

    expect(await runFleetScript('down', '--dir', dir)).toMatchObject({ code: 0 });

    expect(await leftovers(layoutOf(dir))).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  it('up leaves nothing when it is interrupted', async () => {
    const up = spawnFleetScript('up', '--hosts', '2', '--dir', dir);
    await once(up.stderr ?? up, 'data');
    process.kill(-(up.pid ?? Number.NaN), 'SIGINT');
    await once(up, 'close');

    expect(await leftovers(layoutOf(dir))).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });
});

describe('test images', () => {
  afterEach(async () => await clearHosts(sharedSandbox().hosts));

  it.each([
    { image: 'testapp:v1', version: 'v1', ready: 200, healthz: 200 },
    { image: 'testapp:v2', version: 'v2', ready: 200, healthz: 200 },
    { image: 'testapp:v3', version: 'v3', ready: 200, healthz: 200 },
    { image: 'testapp:unhealthy', version: 'unhealthy', ready: 500, healthz: 500 },
    { image: 'testapp:slow', version: 'slow', ready: 503, healthz: 200 },
  ])('$image answers', async ({ image, version, ready, healthz }) => {
    const url = await runApp(hostOf(sharedSandbox(), 0), image);

    const answers = await Promise.all(['/', '/ready', '/healthz'].map((path) => fetch(url + path)));

    expect(answers.map(({ status }) => status)).toEqual([200, ready, healthz]);
    expect(await answers[0]?.text()).toBe(version);
  });

  it('testapp:unhealthy is found unhealthy by its own check', async () => {
    const engine = shellOf(hostOf(sharedSandbox(), 0));
    const container = await engine.createContainer({ Image: 'testapp:unhealthy' });
    await container.start();

    const health = await eventually('its check', async () => {
      const { Health } = (await container.inspect()).State;
      return Health?.Status === 'unhealthy' ? Health : null;
    });

    expect(health.Log.at(-1)?.Output).toBe('500 unhealthy\n');
  });

  it('testapp:crash exits with 1 and says why', async () => {
    const engine = shellOf(hostOf(sharedSandbox(), 0));
    const container = await engine.createContainer({ Image: 'testapp:crash' });
    await container.start();

    expect(await container.wait()).toMatchObject({ StatusCode: 1 });
    expect(String(await container.logs({ stderr: true }))).toContain('exits at once');
  });

  it.each([
    { image: 'testapp:v1', exitCode: 0 },
    { image: 'testapp:stubborn', exitCode: 137 },
  ])('$image ends with $exitCode when it is stopped', async ({ image, exitCode }) => {
    const engine = shellOf(hostOf(sharedSandbox(), 0));
    const container = await engine.createContainer({ Image: image });
    await container.start();
    // Before it asks for signals, it gets none.
    await eventually('its first words', async () => {
      const said = await container.logs({ stdout: true, stderr: true });
      return said.length > 0 ? true : null;
    });
    await container.stop({ t: 1 });

    expect((await container.inspect()).State.ExitCode).toBe(exitCode);
  });

  it('testapp:arm64 says that it is for another platform', async () => {
    const engine = shellOf(hostOf(sharedSandbox(), 0));

    expect((await engine.getImage('testapp:arm64').inspect()).Architecture).toBe('arm64');
  });
});

describe('faults', () => {
  afterEach(async () => await clearHosts(sharedSandbox().hosts));

  it('killEngine() leaves containers running, startEngine() brings the engine back', async () => {
    const host = sharedSandbox().hosts[0] ?? expect.fail('no host');
    const url = await runApp(host, 'testapp:v1');

    await host.killEngine();
    try {
      await expect(shellOf(host).ping()).rejects.toThrow('ECONNREFUSED');
      expect((await fetch(url)).status).toBe(200);
    } finally {
      await host.startEngine();
    }

    expect(await shellOf(host).ping()).toBeTruthy();
  });

  it('powerCycle() ends every process and keeps containers on disk', async () => {
    const host = sharedSandbox().hosts[1] ?? expect.fail('no host');
    await runApp(host, 'testapp:v1');

    await host.powerCycle();

    const [container] = await shellOf(host).listContainers({ all: true });
    expect(container).toMatchObject({ Image: 'testapp:v1', State: 'exited' });
  });

  it('freeze() and partition() silence one host until thaw() and heal()', async () => {
    const [frozen, cutOff, other] = sharedSandbox().hosts;
    if (!frozen || !cutOff || !other) return expect.fail('three hosts are needed');

    frozen.freeze();
    await cutOff.partition();
    await answers(other);
    expect(await Promise.all([frozen, cutOff].map(answersSoon))).toEqual([false, false]);

    frozen.thaw();
    await cutOff.heal();
    await Promise.all([frozen, cutOff].map(answers));
  });
});

function hostOf(sandbox: Pick<SandboxDescription, 'hosts'>, index: number): HostDescription {
  return sandbox.hosts[index] ?? expect.fail(`no host ${index}`);
}

async function fetchWithoutCertificate(host: HostDescription): Promise<unknown> {
  const engine = shellOf(host);
  Object.assign(engine.modem as object, { cert: undefined, key: undefined });
  return await engine.ping();
}

async function imageIds(host: HostDescription): Promise<Readonly<Record<string, string>>> {
  const images = await shellOf(host).listImages();
  return Object.fromEntries(
    images.flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((tag) => [tag, Id])),
  );
}

/** Runs a container with its port 8080 published, and gives its URL when it answers. */
async function runApp(host: HostDescription, image: string): Promise<string> {
  const container = await shellOf(host).createContainer({
    Image: image,
    HostConfig: { PublishAllPorts: true },
  });
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const url = `http://${host.address}:${NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort}`;
  await eventually(`an answer of ${url}`, async () => await fetch(url).catch(() => null));
  return url;
}

/** The kernel remembers for a moment that there was no way to a host. */
async function answers(host: HostDescription): Promise<void> {
  await eventually(`an answer of ${host.name}`, async () =>
    (await answersSoon(host)) ? true : null,
  );
}

async function answersSoon(host: HostDescription): Promise<boolean> {
  return await Promise.race([
    shellOf(host)
      .ping()
      .then(
        () => true,
        () => false,
      ),
    sleep(1500, false),
  ]);
}

/** On a quick machine "up" has ended already, which is one more state to be taken down from. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
