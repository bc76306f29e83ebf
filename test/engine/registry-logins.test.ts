import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Status } from '../../src/generated/status.ts';
import type { Daemon } from '../support/command-line.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { Registry } from '../support/registry.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const fleetName = 'logins-test';
const user = 'puller';
const password = 'correct horse';
const wrong = 'battery staple';

function manifest(image: string, more: object = {}): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas: 3, update_config: { monitor: '200ms', parallelism: 1 } },
        'x-fleetwright': { gate: { minHealthyTime: '500ms' } },
        ...more,
      },
    },
  };
}

interface Failure {
  readonly class: string;
  readonly reason: string;
  readonly message: string;
}

/** Reason and message of what an application is stalled by. */
function stalledBy({ applications }: Status): string | undefined {
  const found = applications[0]?.conditions.find(({ type }) => type === 'Stalled');
  return found === undefined ? undefined : `${found.reason}: ${found.message}`;
}

describe('a registry that wants a login', () => {
  const { hosts, credentials } = sharedSandbox();
  const [builder] = hosts;
  let dir: string;
  let registry: Registry;
  let repository: ConfigRepository;
  let commands: Commands;
  let daemon: Daemon;

  const push = async (content: object, message: string): Promise<void> => {
    await repository.write('shop/compose.yaml', content);
    await repository.commit(message);
  };
  const logIn = (secret: string): Promise<void> => {
    const auth = Buffer.from(`${user}:${secret}`).toString('base64');
    const text = JSON.stringify({ auths: { [`${registry.address}/shop`]: { auth } } });
    return writeFile(join(dir, 'config.json'), text, { mode: 0o600 });
  };
  const publish = (from: string, name: string): Promise<string> => {
    if (builder === undefined) throw new Error('there are three hosts');
    return registry.publish(builder, from, name);
  };
  const named = (name: string): string => `${registry.address}/shop/${name}`;
  const running = async (): Promise<ReadonlyMap<string, string>> => {
    const list = await listContainers(hosts, fleetName);
    return new Map(list.map(({ id, image, state }) => [id, `${image} ${state}`]));
  };
  /** How the daemon has judged what failed for a reason after the first characters of its log, once it logs it. */
  const failureBy = (reason: string, after: number): Promise<Failure> =>
    eventually(`${reason} in the log`, async () => {
      const failures = daemon
        .log()
        .slice(after)
        .split('\n')
        .filter((line) => line.endsWith('"msg":"step failed"}'))
        .map((line) => (JSON.parse(line) as { outcome: { failure: Failure } }).outcome.failure);
      return failures.findLast((failure) => failure.reason === reason) ?? null;
    });
  const converged = (image: string): Promise<Status> =>
    eventually(`${image} everywhere`, async () => {
      const images = [...(await running()).values()];
      const isWhole = images.length === 3 && images.every((each) => each.startsWith(image));
      const status = isWhole ? await commands.status() : null;
      return status?.converged === true ? status : null;
    });

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fleetwright-logins-'));
    await cp(credentials, dir, { recursive: true });
    registry = await Registry.start(hosts, { username: user, password });
    repository = await ConfigRepository.create(fleetName, hosts);
    commands = new Commands(repository, dir);
    await publish('testapp:v1', 'shop/web:1');
    await publish('testapp:v2', 'shop/web:2');
    await push(manifest('testapp:v1'), 'what all hosts have');
    expect((await commands.sync()).code).toBe(0);
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await clearHosts(hosts, fleetName);
    await registry[Symbol.asyncDispose]();
    await repository[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  it('gives nothing to a fleet without one, nor with a wrong one, and what runs is not touched', async () => {
    const before = await running();
    await push(manifest(named('web:1')), 'web 1');

    const unknown = await commands.sync();
    expect([unknown.code, stalledBy(unknown.status)]).toEqual([
      1,
      expect.stringMatching(/^ImageUnauthorized: .*a login for its registry goes into config.json/),
    ]);
    await logIn(wrong);
    const refused = await commands.sync();
    expect([refused.code, stalledBy(refused.status)]).toEqual([
      1,
      expect.stringMatching(`LoginRefused: .*with the login for "${registry.address}/shop"`),
    ]);
    expect(await running()).toEqual(before);
  });

  it('gives it as soon as the right one is there, and the secret is kept nowhere else', async () => {
    daemon = commands.start();
    expect((await failureBy('LoginRefused', 0)).class).toBe('infrastructure');

    await logIn(password);

    await converged(named('web:1'));

    const texts = [daemon.log(), JSON.stringify(await commands.status())];
    for (const file of await readdir(repository.beside('state'))) {
      texts.push(await readFile(join(repository.beside('state'), file), 'latin1'));
    }
    const secrets = [password, wrong].flatMap((secret) => [
      secret,
      Buffer.from(`${user}:${secret}`).toString('base64'),
    ]);
    expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([]);
  });

  it('is not needed any more once the first instance is touched: all hosts have pulled by then', async () => {
    await push(manifest(named('web:2'), { pull_policy: 'always' }), 'web 2');
    await eventually('the first instance', async () =>
      [...(await running()).values()].some((each) => each.startsWith(named('web:2'))) ? true : null,
    );

    await registry.end();

    await converged(named('web:2'));
  });

  it('that is down is waited for, as is a tag that was deleted, with what runs untouched', async () => {
    const before = await running();
    await registry.resume();
    await publish('testapp:v3', 'shop/web:3');
    await registry.forget('shop/web:3');
    await registry.end();

    const begin = daemon.log().length;
    await push(manifest(named('web:3')), 'web 3');

    expect(await failureBy('RegistryUnavailable', begin)).toMatchObject({
      class: 'infrastructure',
      message: expect.stringContaining('connection refused'),
    });
    await registry.resume();
    expect(await failureBy('ImageNotFound', begin)).toMatchObject({
      class: 'revision',
      message: expect.stringContaining(named('web:3')),
    });
    expect(await running()).toEqual(before);

    await publish('testapp:v3', 'shop/web:3');

    await converged(named('web:3'));
  });
});
