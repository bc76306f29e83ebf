import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { noInterest } from '../../src/model/adoption.ts';
import type { Fleet } from '../../src/fleet/fleet.ts';
import type { StepOutcome } from '../../src/model/step.ts';
import { instanceName } from '../../src/model/labels.ts';
import { aService } from '../support/builders.ts';
import {
  act,
  aFleetSpec,
  containerOf,
  createNetwork,
  fleetName,
  launch,
  never,
  observationOf,
  openTestFleet,
  sandboxHost,
  until,
} from '../support/engine-fleet.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';
import { anIdentity } from '../unit/fleet/builders.ts';

const identity = anIdentity({ fleet: fleetName });
const { credentials } = sharedSandbox();
const [host, other] = [sandboxHost(0), sandboxHost(1)];
const shell = shellOf(host);
/** Far more than it takes where nothing else runs. */
const patienceMs = 120_000;

afterEach(() => clearHosts([host]));

describe('execute() says whose fault it is:', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await openTestFleet([host]);
  });

  afterAll(() => fleet[Symbol.asyncDispose]());

  it('a port that is taken, and by whom', async () => {
    const stranger = await shell.createContainer({
      name: 'stranger',
      Image: 'testapp:v1',
      ExposedPorts: { '8080/tcp': {} },
      HostConfig: { PortBindings: { '8080/tcp': [{ HostPort: '18080' }] } },
    });
    await stranger.start();
    const ports = [{ target: 8080, protocol: 'tcp', hostIp: '', published: '18080' } as const];
    const networks = [{ network: 'bridge', aliases: [] }];

    const outcome = await launch(
      fleet,
      host,
      identity,
      aService({ container: { ports, networks } }),
    );

    expectFailure(
      outcome,
      'capacity',
      'PortConflict',
      'port 18080 is already in use by container "stranger"',
    );
  });

  it('a name that a stranger has', async () => {
    await shell.createContainer({ name: instanceName(identity), Image: 'testapp:v2' });

    const outcome = await launch(fleet, host, identity, aService());

    expectFailure(outcome, 'capacity', 'NameConflict', '(image "testapp:v2"), which is not ours');
  });

  it('an image that is not there', async () => {
    const outcome = await launch(
      fleet,
      host,
      identity,
      aService({ container: { image: 'nowhere:1' } }),
    );

    expectFailure(outcome, 'revision', 'ImageNotFound', 'image "nowhere:1" is not on host');
  });

  it('a registry that cannot be reached', async () => {
    const image = `${host.address}:9/nowhere:1`;

    const outcome = await act(fleet, host, { kind: 'pull-image', image });

    expectFailure(outcome, 'infrastructure', 'RegistryUnavailable', 'connection refused');
  });

  it('an image for another platform', async () => {
    const outcome = await act(fleet, host, { kind: 'pull-image', image: 'testapp:arm64' });

    expectFailure(outcome, 'revision', 'PlatformMismatch', 'image is linux/arm64, host is linux/');
  });

  it('a command that does not exist', async () => {
    const outcome = await launch(
      fleet,
      host,
      identity,
      aService({ container: { command: ['/nope'] } }),
    );

    expectFailure(outcome, 'revision', 'CannotStart', '/nope');
    expect(containerOf(fleet, host, identity)).toMatchObject({ state: 'created', exitCode: 127 });
    expect(containerOf(fleet, host, identity).startError).toContain('/nope');
  });

  it('a configuration that the engine refuses', async () => {
    const bind = { type: 'bind', source: '/does/not/exist', target: '/b', readOnly: true } as const;
    const mounts = [{ ...bind, createHostPath: false, propagation: 'rprivate' }];

    const outcome = await launch(fleet, host, identity, aService({ container: { mounts } }));

    expectFailure(outcome, 'revision', 'InvalidConfiguration', '/does/not/exist');
  });

  it('an external network that is missing', async () => {
    const networks = [{ network: 'elsewhere', aliases: [] }];

    const created = await createNetwork(fleet, host, 'elsewhere', true);
    const launched = await launch(fleet, host, identity, aService({ container: { networks } }));

    expectFailure(created, 'revision', 'NetworkNotFound', 'external network "elsewhere"');
    expectFailure(launched, 'revision', 'NetworkNotFound', 'network "elsewhere"');
  });

  it('a network of the same name that is not ours', async () => {
    await shell.createNetwork({ Name: 'shop_default' });

    const outcome = await createNetwork(fleet, host, 'shop_default');

    expectFailure(outcome, 'capacity', 'NameConflict', 'exists and is not ours');
  });
});

it('an engine that dies is unreachable within seconds, and observed again when it is back', async () => {
  await using fleet = await openTestFleet([host]);
  await launch(fleet, host, identity, aService());
  const isReachable = (): boolean => observationOf(fleet, host).kind === 'reachable';

  // What is said first may be that a connection broke.
  const isRefused = (): boolean => {
    const observation = observationOf(fleet, host);
    return observation.kind === 'unreachable' && observation.reason.includes('refused');
  };

  // Before the next ping is due.
  const lost = until(fleet, isRefused, 12_000);
  await host.killEngine();
  await lost;
  const outcome = await launch(fleet, host, identity, aService());
  const found = until(fleet, isReachable, patienceMs);
  await host.startEngine();
  await found;

  expectFailure(outcome, 'infrastructure', 'HostUnreachable', 'connection was refused');
  expect(containerOf(fleet, host, identity).name).toBe(instanceName(identity));
});

it('an engine that hangs is unreachable after two pings', async () => {
  const deadlines = { ping: 500 };
  await using fleet = await openTestFleet([host], { pingMs: 500, deadlines });
  // Before the next full list is due.
  const lost = until(fleet, () => observationOf(fleet, host).kind === 'unreachable', 30_000);

  host.freeze();
  await lost.finally(() => host.thaw());

  await until(fleet, () => observationOf(fleet, host).kind === 'reachable', patienceMs);
});

it('a host behind a broken cable is unreachable, and a step on it does not hang', async () => {
  const deadlines = { read: 1000, list: 2000, mutation: 1000 };
  // No ping is due: it is the step that finds out.
  await using fleet = await openTestFleet([host], { deadlines });
  await until(fleet, () => observationOf(fleet, host).kind === 'reachable', patienceMs);

  await host.partition();
  // Never throws, so that the cable is always mended.
  const outcome = await createNetwork(fleet, host, 'shop_after');
  const { kind } = observationOf(fleet, host);
  await host.heal();

  expectFailure(outcome, 'infrastructure', 'HostUnreachable', 'no answer within 1 s');
  expect(kind).toBe('unreachable');
  await until(fleet, () => observationOf(fleet, host).kind === 'reachable', patienceMs);
});

it('one engine under two names is believed under neither', async () => {
  const dir = await withCredentials([host.name, other.name]);
  const spec = aFleetSpec([host, { ...host, name: other.name }]);
  await using fleet = await openTestFleet([], { credentialsDir: dir });

  fleet.configure(spec, noInterest);
  await fleet.refresh(never);

  const observations = [...fleet.snapshot().values()];
  await rm(dir, { recursive: true });
  const reason = expect.stringContaining('one and the same engine') as string;
  const rejected = expect.objectContaining({ kind: 'unreachable', reason }) as unknown;
  expect(observations).toEqual([rejected, rejected]);
});

describe('credentials', () => {
  let dir = '';

  afterEach(() => rm(dir, { recursive: true }));

  it('that are missing are named', async () => {
    dir = await withCredentials([host.name]);
    await rm(join(dir, host.name, 'key.pem'));

    const reason = await reasonOfUnreachable(dir);

    expect(reason).toBe(`${host.name}/key.pem is missing in the folder of credentials`);
  });

  it('of a client that the engine does not trust', async () => {
    dir = await withCredentials([host.name]);
    await makeStranger(join(dir, host.name));

    const reason = await reasonOfUnreachable(dir);

    expect(reason).toContain('refused our client certificate');
  });

  it('with another CA than the engine’s', async () => {
    dir = await withCredentials([host.name]);
    await mkdir(join(dir, 'stranger'));
    await makeStranger(join(dir, 'stranger'));
    await cp(join(dir, 'stranger', 'cert.pem'), join(dir, host.name, 'ca.pem'));

    const reason = await reasonOfUnreachable(dir);

    expect(reason).toContain('not signed by the CA in ca.pem');
  });

  it('that arrive late are taken at once', async () => {
    dir = await mkdtemp(join(tmpdir(), 'fleetwright-'));
    await using fleet = await openTestFleet([host], { credentialsDir: dir });
    expect(observationOf(fleet, host).kind).toBe('unreachable');

    const found = until(fleet, () => observationOf(fleet, host).kind === 'reachable', patienceMs);
    await cp(join(credentials, host.name), join(dir, host.name), { recursive: true });

    await found;
  });
});

function expectFailure(outcome: StepOutcome, cls: string, reason: string, words: string): void {
  const message = expect.stringContaining(words) as string;
  expect(outcome).toEqual({ kind: 'failed', failure: { class: cls, reason, message } });
}

/** A folder of credentials in which every name has those of the first host. */
async function withCredentials(names: readonly string[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'fleetwright-'));
  const [first = ''] = names;
  for (const name of names) {
    await cp(join(credentials, first), join(dir, name), { recursive: true, dereference: true });
  }
  return dir;
}

/** A key pair that vouches for itself, and that nobody else knows. */
async function makeStranger(dir: string): Promise<void> {
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const rest = ['-subj', '/CN=stranger', '-days', '1', '-keyout', key, '-out', cert];
  await promisify(execFile)('openssl', ['req', '-x509', ...curve, ...rest]);
}

async function reasonOfUnreachable(credentialsDir: string): Promise<string> {
  await using fleet = await openTestFleet([host], { credentialsDir });
  const observation = observationOf(fleet, host);
  return observation.kind === 'unreachable' ? observation.reason : '';
}
