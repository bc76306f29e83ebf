import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { pino } from 'pino';
import { pack } from 'tar-stream';
import { expect, it } from 'vitest';

import type { EngineRequest } from '../../../src/fleet/docker-host.ts';
import { FileWatch } from '../../../src/fleet/file-watch.ts';
import { stampLabels, stampOfOne } from '../../../src/model/file-stamps.ts';
import { toContainerId } from '../../../src/model/names.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import { seal } from '../../../src/model/sealed.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';
import { aContainer, anInstance, aService } from '../../support/builders.ts';
import { HandDrivenHost } from './hand-driven-host.ts';

const never = new AbortController().signal;
const logger = pino({ level: 'silent' });
const key = Buffer.from('key');

/** An engine whose containers have one file each, at `/a`, with these bytes. */
class HostWithFiles extends HandDrivenHost {
  readonly read: string[] = [];
  readonly contents = new Map<string, string>();

  #held: Promise<unknown> | null = null;

  override async stream({ path }: EngineRequest): Promise<Readable> {
    const id = path.split('/')[2] ?? '';
    this.read.push(id);
    const archive = pack();
    archive.entry({ name: 'a' }, this.contents.get(id) ?? 'given');
    archive.finalize();
    const bytes = await buffer(archive);
    const held = this.#held;
    this.#held = null;
    await held;
    return Readable.from([bytes]);
  }

  /** Leaves the next question unanswered until this is resolved. */
  holdNext(until: Promise<unknown>): void {
    this.#held = until;
  }
}

function containers(count: number, sealedWith: Buffer | null = null): readonly ObservedContainer[] {
  const bytes = Buffer.from('given');
  const file = { target: '/a', mode: 0o644, uid: 0, gid: 0 };
  const files =
    sealedWith === null
      ? [{ ...file, content: bytes.toString('base64') }]
      : [{ ...file, content: seal(sealedWith, bytes), sealed: true as const }];
  const labels = stampLabels(aContainer({ files }));
  return Array.from({ length: count }, (_, index) => {
    const id = toContainerId(`c${index}`);
    return anInstance(aService(), {}, { id, labels }).container;
  });
}

function open(): { readonly host: HostWithFiles; readonly watch: FileWatch } {
  const watch = new FileWatch({ key, clock: new VirtualClock(0), logger });
  return { host: new HostWithFiles(), watch };
}

it('all files are looked at first, then those of a few containers at a time, in turn', async () => {
  const { host, watch } = open();
  const all = containers(20);

  await watch.look(host, all, never);
  await watch.look(host, all, never);
  await watch.look(host, all, never);

  const ids = all.map(({ id }) => id);
  expect(host.read).toEqual([...ids, ...ids.slice(0, 8), ...ids.slice(8, 16)]);
});

it('what is not as it was given is told until it is, or the container is gone', async () => {
  const { host, watch } = open();
  const all = containers(2);
  host.contents.set('c1', 'evil');

  await watch.look(host, all, never);
  expect(watch.alteredIn('c0')).toBeUndefined();
  expect(Object.keys(watch.alteredIn('c1') ?? {})).toEqual(['/a']);

  host.contents.delete('c1');
  await watch.look(host, all, never);
  expect(watch.alteredIn('c1')).toBeUndefined();

  host.contents.set('c0', 'evil');
  await watch.look(host, all, never);
  await watch.look(host, [], never);
  expect(watch.alteredIn('c0')).toBeUndefined();
});

it('a secret is compared by its seal, and left alone when another key has sealed it', async () => {
  const own = open();
  own.host.contents.set('c0', 'evil');
  await own.watch.look(own.host, containers(2, key), never);
  expect(Object.keys(own.watch.alteredIn('c0') ?? {})).toEqual(['/a']);
  expect(own.watch.alteredIn('c1')).toBeUndefined();

  const other = open();
  await other.watch.look(other.host, containers(1, Buffer.from('other')), never);
  expect(other.host.read).toEqual([]);
});

it('only what runs is looked at', async () => {
  const { host, watch } = open();
  const [one] = containers(1);
  if (one === undefined) throw new Error('there is a container');

  await watch.look(host, [{ ...one, state: 'exited' }], never);

  expect(host.read).toEqual([]);
});

it('what was written anew is looked at at once, and an older look does not count', async () => {
  const { host, watch } = open();
  const [one] = containers(1);
  if (one === undefined) throw new Error('there is a container');
  host.contents.set('c0', 'evil');
  await watch.look(host, [one], never);
  const older = new AbortController();
  host.holdNext(once(older.signal, 'abort'));
  const look = watch.look(host, [one], never);
  host.contents.delete('c0');

  await watch.lookAgain(host, [one], never);
  older.abort();
  await look;

  expect(watch.alteredIn('c0')).toBeUndefined();
});

it('files that a container was told of are compared with that, each by itself', async () => {
  const { host, watch } = open();
  const [one] = containers(1);
  if (one === undefined) throw new Error('there is a container');
  const given = stampOfOne([{ content: Buffer.from('given').toString('base64') }]);
  const told = (stamp: string): ObservedContainer => ({
    ...one,
    labels: {},
    told: { '/a': stamp },
  });

  await watch.lookAgain(host, [told(given)], never);
  expect(watch.alteredIn('c0')).toBeUndefined();

  await watch.lookAgain(host, [told('other')], never);
  expect(watch.alteredIn('c0')).toEqual({ '/a': given });
});
