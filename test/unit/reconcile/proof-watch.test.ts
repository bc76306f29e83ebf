import { describe, expect, it } from 'vitest';

import { pause } from '../../../src/fleet/deadline.ts';
import type { Entrance, ProofReading, ProofTarget } from '../../../src/model/proof.ts';
import { beginProof } from '../../../src/model/proof.ts';
import type { AskEntrance } from '../../../src/reconcile/ask-entrance.ts';
import { ProofWatch } from '../../../src/reconcile/proof-watch.ts';
import { aStep } from '../../support/builders.ts';
import { settle, VirtualClock } from '../../simulation/virtual-clock.ts';

const startAt = 100_000;
const first = 'http://192.0.2.1:80';
const second = 'http://192.0.2.2:80';
const open = (...urls: readonly string[]): readonly Entrance[] =>
  urls.map((url) => ({ url, isServing: true }));

function aTarget(facts: Partial<ProofTarget> = {}): ProofTarget {
  const proof = {
    url: null,
    path: '/',
    intervalMs: 200,
    timeoutMs: 5_000,
    expectStatus: null,
    onFailure: 'record',
  } as const;
  return {
    application: 'shop',
    service: 'web',
    rolloutAt: startAt,
    host: 'shop.example.com',
    proof,
    entrances: open(first),
    before: null,
    ...facts,
  };
}

interface Watching {
  readonly watch: ProofWatch;
  readonly clock: VirtualClock;
  /** Lets so much time pass. */
  readonly wait: (ms: number) => Promise<void>;
  readonly read: () => ProofReading | undefined;
  /** How an entrance answers from now on. */
  readonly answer: (url: string, ms: number, reason?: string | null) => void;
  readonly told: () => number;
  /** The most requests that were under way at once at one entrance, and over all. */
  readonly most: { one: number; all: number };
}

function watching(...targets: readonly ProofTarget[]): Watching {
  const clock = new VirtualClock(startAt);
  const answers = new Map<string, { readonly ms: number; readonly reason: string | null }>();
  const underWay: string[] = [];
  const most = { one: 0, all: 0 };
  let told = 0;
  const ask: AskEntrance = async ({ entrance }, signal) => {
    underWay.push(entrance);
    most.one = Math.max(most.one, underWay.filter((each) => each === entrance).length);
    most.all = Math.max(most.all, underWay.length);
    const { ms, reason } = answers.get(entrance) ?? { ms: 10, reason: null };
    await pause(clock, ms, signal);
    underWay.splice(underWay.indexOf(entrance), 1);
    return reason;
  };
  const watch = new ProofWatch({ clock, ask, onFailure: () => void (told += 1) });
  watch.watch(targets);
  return {
    watch,
    clock,
    wait: async (ms) => {
      const until = clock.now() + ms;
      await settle();
      let isOn = true;
      while (isOn) isOn = await clock.step(until);
    },
    read: () => watch.readings().get('shop/web'),
    answer: (url, ms, reason = null) => void answers.set(url, { ms, reason }),
    told: () => told,
    most,
  };
}

const removal = { kind: 'remove-network', name: 'n', id: 'n' } as const;

describe('ProofWatch', () => {
  it('asks each entrance at its interval, and counts', async () => {
    const one = watching(aTarget({ entrances: open(first, second) }));
    one.answer(second, 31);
    await one.wait(1_000);

    expect(one.read()).toEqual({
      rolloutAt: startAt,
      isWhole: true,
      tally: {
        requests: 10,
        failed: 0,
        worstMs: 31,
        unwatchedMs: 0,
        until: startAt + 1_000,
        failures: [],
      },
    });
    one.watch[Symbol.dispose]();
  });

  it('asks one thing at a time at each entrance, however slow it is, and few over all', async () => {
    const urls = Array.from({ length: 40 }, (_each, index) => `http://192.0.2.${index}:80`);
    const one = watching(aTarget({ entrances: open(...urls) }));
    for (const url of urls) one.answer(url, 900);
    await one.wait(5_000);

    expect(one.most).toEqual({ one: 1, all: 32 });
    one.watch[Symbol.dispose]();
  });

  it('keeps why, when and beside which steps a request has failed, and tells of a flood now and then', async () => {
    const one = watching(aTarget());
    await one.wait(500);
    one.answer(first, 10, 'HTTP 502');
    const [step, other] = [aStep(removal), aStep(removal, { application: 'other' })];
    one.watch.stepBegun(step);
    one.watch.stepBegun(other);
    await one.wait(150);
    one.watch.stepEnded(step);
    await one.wait(2_000);

    const { failures = [], failed } = one.read()?.tally ?? {};
    const base = { service: 'web', entrance: first, reason: 'HTTP 502' };
    expect(failures.slice(0, 2)).toEqual([
      { ...base, at: startAt + 610, during: 'remove-network web/1 on host-1' },
      { ...base, at: startAt + 810, during: '' },
    ]);
    expect(failures).toHaveLength(5);
    expect(failed).toBe(11);
    expect(one.told()).toBe(3);
    one.watch[Symbol.dispose]();
  });

  it('counts nothing before some instance gets what comes in, and all from then on', async () => {
    const closed = aTarget({ entrances: [{ url: first, isServing: false }] });
    const one = watching(closed);
    one.answer(first, 10, 'HTTP 503');
    await one.wait(1_000);
    expect(one.read()?.tally).toMatchObject({ requests: 0, unwatchedMs: 0 });

    one.watch.watch([aTarget()]);
    await one.wait(100);
    one.watch.watch([closed]);
    await one.wait(900);

    expect(one.read()?.tally).toMatchObject({ requests: 5, failed: 5, unwatchedMs: 0 });
    one.watch[Symbol.dispose]();
  });

  it('gives up what it asks an entrance that is gone, and tells the time without any', async () => {
    const one = watching(aTarget());
    one.answer(first, 60_000, 'no whole answer');
    await one.wait(250);
    one.watch.watch([aTarget({ entrances: [] })]);
    await one.wait(3_000);
    one.watch.watch([aTarget({ entrances: open(second) })]);
    await one.wait(100);

    expect(one.read()).toMatchObject({
      isWhole: true,
      tally: { requests: 2, failed: 0, unwatchedMs: 3_000 },
    });
    one.watch[Symbol.dispose]();
  });

  it('goes on from what was written down, and tells what nobody has watched since', async () => {
    const before = { ...beginProof(startAt - 3_000), requests: 100, failed: 1, worstMs: 70 };
    const one = watching(aTarget({ rolloutAt: startAt - 9_000, before }));
    await one.wait(150);

    expect(one.read()?.tally).toMatchObject({
      requests: 101,
      failed: 1,
      worstMs: 70,
      unwatchedMs: 3_000,
    });
    one.watch[Symbol.dispose]();
  });

  it('begins anew with another rollout, and with another way to ask it goes on', async () => {
    const one = watching(aTarget());
    await one.wait(1_000);
    const { proof } = aTarget();
    one.watch.watch([aTarget({ proof: { ...proof, path: '/other' } })]);
    expect(one.read()?.tally.requests).toBe(5);

    one.watch.watch([aTarget({ rolloutAt: startAt + 1_000 })]);

    expect(one.read()?.tally).toMatchObject({ requests: 0, unwatchedMs: 0 });
    one.watch[Symbol.dispose]();
  });

  it('is whole when each entrance was asked after the last step of the application', async () => {
    const one = watching(aTarget());
    expect(one.read()?.isWhole).toBe(false);
    await one.wait(250);
    expect(one.read()?.isWhole).toBe(true);
    const step = aStep(removal);
    one.watch.stepBegun(step);
    one.watch.stepEnded(step);
    expect(one.read()?.isWhole).toBe(false);
    await one.wait(200);

    expect(one.read()?.isWhole).toBe(true);
    one.watch[Symbol.dispose]();
  });

  it('takes no answer for late that it did not hear, since the process stood still', async () => {
    const one = watching(aTarget());
    await one.wait(50);
    one.answer(first, 60_000, 'no whole answer within 5000 ms');
    await one.wait(60_000);
    one.answer(first, 10);
    await one.wait(400);

    expect(one.read()?.tally).toMatchObject({ failed: 0, worstMs: 10, unwatchedMs: 60_190 });
    one.watch[Symbol.dispose]();
  });

  it('asks no further when it is not to watch any more', async () => {
    const one = watching(aTarget());
    await one.wait(100);
    one.watch.watch([]);
    const { all } = one.most;
    one.most.all = 0;
    await one.wait(2_000);

    expect(all).toBe(1);
    expect(one.most.all).toBe(0);
    expect(one.read()).toBeUndefined();
  });
});
