import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { run } from '../../src/sandbox/command.ts';
import { packTar } from '../../src/sandbox/docker-archive.ts';
import type { Fleet } from '../../src/fleet/fleet.ts';
import { act, observationOf, openTestFleet, sandboxHost } from '../support/engine-fleet.ts';
import { Registry } from '../support/registry.ts';
import { shellOf } from '../support/sandbox.ts';

const builder = sandboxHost(0);
const host = sandboxHost(1);
const other = sandboxHost(2);
const large = 'large:1';

let registry: Registry;
let data: string;

beforeAll(async () => {
  registry = await Registry.start([builder]);
  const content = randomBytes(60_000_000);
  const archive = await packTar([{ kind: 'file', path: 'large', mode: 0o644, content }]);
  const importing = await shellOf(builder).importImage(Readable.from([archive]), {
    repo: 'large',
    tag: '1',
  });
  importing.resume();
  await new Promise((resolve) => importing.once('end', resolve));
  await registry.publish(builder, large, large);
  data = ((await shellOf(host).info()) as { readonly DockerRootDir: string }).DockerRootDir;
  await host.killEngine();
  await onHost('mount', '-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', data);
  await host.startEngine();
});
afterAll(async () => {
  await host.killEngine();
  await onHost('umount', data);
  await host.startEngine();
  await shellOf(builder).getImage(large).remove();
  await registry[Symbol.asyncDispose]();
});

function onHost(...argv: readonly string[]): Promise<string> {
  const [command = '', ...args] = [...host.inside(), ...argv];
  return run(command, args);
}

it('a pull that fills the disk of one host fails there, and says so; others pull', async () => {
  await using fleet: Fleet = await openTestFleet([host, other]);
  const action = { kind: 'pull-image', image: `${registry.address}/${large}` } as const;

  const outcomes = await Promise.all([act(fleet, host, action), act(fleet, other, action)]);

  const where = `on host "${host.name}"`;
  expect(outcomes).toEqual([
    {
      kind: 'failed',
      failure: {
        class: 'infrastructure',
        reason: 'DiskFull',
        message: expect.stringMatching(
          `${where}: .*no space left on device.*free space on the host`,
        ),
      },
    },
    expect.objectContaining({ kind: 'done' }),
  ]);
  expect(observationOf(fleet, host).kind).toBe('reachable');
  await shellOf(other).getImage(`${registry.address}/${large}`).remove();
});
