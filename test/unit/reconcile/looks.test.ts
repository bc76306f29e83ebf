import { describe, expect, it } from 'vitest';

import type { HostName } from '../../../src/model/names.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { HostObservation } from '../../../src/model/observation.ts';
import { Looks } from '../../../src/reconcile/looks.ts';
import { aReachableHost } from '../../support/builders.ts';
import { settle } from '../../simulation/virtual-clock.ts';

/** Hosts whose looks end when a test says so. */
class HeldLooks {
  /** The looks that were begun, in their order. */
  readonly begun: HostName[] = [];
  readonly looks: Looks;
  ends = 0;
  readonly #under: { readonly host: HostName; readonly end: () => void }[] = [];
  readonly #unseen: Set<HostName>;
  readonly #away: ReadonlySet<HostName>;

  constructor(names: readonly string[], unseen: readonly string[], away: readonly string[] = []) {
    const hosts = names.map(toHostName);
    this.#unseen = new Set(unseen.map(toHostName));
    this.#away = new Set(away.map(toHostName));
    const look = (host: HostName): Promise<void> => {
      this.begun.push(host);
      return new Promise((end) => this.#under.push({ host, end }));
    };
    const snapshot = (): ReadonlyMap<HostName, HostObservation> =>
      new Map(hosts.map((host) => [host, this.#observe(host)]));
    const unseenHosts = (): readonly HostName[] => [...this.#unseen];
    this.looks = new Looks({
      fleet: { look, snapshot, unseen: unseenHosts },
      onEnd: () => (this.ends += 1),
    });
  }

  /** Ends the oldest look at a host. */
  async end(name: string): Promise<void> {
    const index = this.#under.findIndex(({ host }) => host === name);
    const [one] = this.#under.splice(index, 1);
    if (index < 0 || one === undefined) throw new Error(`nobody looks at ${name}`);
    this.#unseen.delete(one.host);
    one.end();
    await settle();
  }

  #observe(host: HostName): HostObservation {
    const isAway = this.#unseen.has(host) || this.#away.has(host);
    return isAway
      ? { kind: 'unreachable', host, since: 0, reason: 'no answer' }
      : aReachableHost(host);
  }
}

describe('Looks', () => {
  it('wait for each new host, and for no other', async () => {
    const held = new HeldLooks(['a', 'b', 'c', 'd'], ['b', 'c'], ['d']);

    held.looks.awaitNew();

    expect(held.begun).toEqual(['b', 'c']);
    await held.end('b');
    expect(held.looks.isAwaited).toBe(true);
    await held.end('c');
    expect([held.looks.isAwaited, held.ends]).toEqual([false, 2]);
  });

  it('wait for no host that has failed to answer before', () => {
    const held = new HeldLooks(['a', 'b'], [], ['b']);

    held.looks.awaitNew();

    expect([held.begun, held.looks.isAwaited]).toEqual([[], false]);
  });

  it('wait for all that are not away when what is known will not do', async () => {
    const held = new HeldLooks(['a', 'b', 'c'], ['b'], ['c']);

    held.looks.awaitAll();

    expect(held.begun.toSorted()).toEqual(['a', 'b']);
    await held.end('a');
    await held.end('b');
    expect(held.looks.isAwaited).toBe(false);
  });

  it('wait for the later of two looks at a host, since the earlier may have seen too little', async () => {
    const held = new HeldLooks(['a'], []);
    held.looks.awaitAll();
    held.looks.awaitAll();

    await held.end('a');

    expect(held.looks.isAwaited).toBe(true);
    await held.end('a');
    expect(held.looks.isAwaited).toBe(false);
  });

  it('go on at other hosts while one does not end, one at a time at each', async () => {
    const held = new HeldLooks(['a', 'b', 'c'], []);
    const [a, b] = ['a', 'b'].map(toHostName);
    if (a === undefined || b === undefined) throw new Error('there are two');
    held.looks.again([a, b]);
    await held.end('b');

    held.looks.again([a, b]);

    expect(held.begun).toEqual(['a', 'b', 'b']);
    expect([held.looks.isAwaited, held.ends]).toEqual([false, 1]);
  });
});
