import { describe, expect, it } from 'vitest';

import type { ApplicationSpec, ServiceSpec } from '../../../src/model/application.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import type { ProofReading, ProofSpec, ProofTally, ProofTarget } from '../../../src/model/proof.ts';
import { beginProof, proofKey } from '../../../src/model/proof.ts';
import { withCombinedHashes } from '../../../src/model/hash.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { Decision } from '../../../src/rollout/decide.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import { commit, containers, decisionOf, edit, fine, pass, run, running } from './scenario.ts';
import { deployed, edge, release, shopOf, silenced, web, withIngress } from './traffic-scenario.ts';

const url = 'http://192.0.2.80';

function proven(tag: string, facts: Partial<ProofSpec> = {}): ServiceSpec {
  const proof = { url, path: '/', intervalMs: 200, timeoutMs: 1_000, expectStatus: null };
  const expose = { host: 'shop.example.com', path: '/', port: 8080, drainTimeoutMs: 30_000 };
  const spec: ProofSpec = { ...proof, onFailure: 'record', ...facts };
  return web(`testapp:${tag}`, { expose: { ...expose, proof: spec } });
}

/** On one host it has another image. */
function overridden(tag: string): ApplicationSpec {
  const fail = { onFailure: 'fail' } as const;
  const variants = [{ hosts: [toHostName('host-2')], service: proven(tag, fail) }];
  return anApplication(withCombinedHashes([{ ...proven('base', fail), variants }]));
}

/** What has become of requests by now. */
type Asked = (target: ProofTarget, world: World) => Partial<ProofTally & ProofReading>;

const well: Asked = () => ({ requests: 1_412, worstMs: 31 });
const failure = { at: 1, service: 'web', entrance: url, reason: 'HTTP 502' } as const;
const badly: Asked = () => ({
  requests: 1_412,
  worstMs: 31,
  failed: 2,
  failures: [{ ...failure, during: 'stop-container web/1 on host-1' }],
});

interface Proving {
  readonly world: World;
  readonly entries: readonly JournalEntry[];
  readonly decisions: readonly Decision[];
}

/** Plays a world forward until it has come to rest, with somebody who sends what is to be sent. */
function prove(start: World, asked: Asked, passes = 60): Proving {
  const entries: JournalEntry[] = [];
  const decisions: Decision[] = [];
  let world: World = { ...start, proofs: new Map() };
  for (let round = 0; round < passes; round += 1) {
    const decision = decide(world);
    decisions.push(decision);
    entries.push(...decision.entries);
    world = withReadings(pass(world, decision, decision.steps, fine), decision, asked);
  }
  return { world, entries, decisions };
}

function withReadings(world: World, { applications }: Decision, asked: Asked): World {
  const targets = applications.flatMap(({ proofs }) => proofs);
  const readings = targets.map((target): [string, ProofReading] => {
    const { rolloutAt } = target;
    const { isWhole = true, ...counts } = asked(target, world);
    const tally = { ...beginProof(world.now), ...counts };
    return [proofKey(target), { rolloutAt, tally, isWhole }];
  });
  return { ...world, proofs: new Map(readings) };
}

const targetsOf = (decisions: readonly Decision[]): readonly ProofTarget[] =>
  decisions.flatMap((decision) => decisionOf(decision).proofs);
const kindsOf = (entries: readonly JournalEntry[]): readonly string[] =>
  entries.map(({ kind }) => kind);
const failed = (entries: readonly JournalEntry[]): readonly JournalEntry[] =>
  entries.filter(({ kind }) => kind === 'quarantined');

describe('requests during a rollout', () => {
  it('are sent from before its first step until it has ended, and no longer', () => {
    const before = deployed(proven('v1'));
    const { decisions, world, entries } = prove(release(before, proven('v2'), 2), well);

    expect(decisionOf(decide({ ...before, proofs: new Map() })).proofs).toEqual([]);
    expect(kindsOf(decisions[0]?.entries ?? [])).toContain('rollout-started');
    expect(targetsOf(decisions.slice(0, 1))).toMatchObject([
      { service: 'web', host: 'shop.example.com', entrances: [{ url, isServing: true }] },
    ]);
    const ended = decisions.findIndex(({ entries: own }) => kindsOf(own).includes('succeeded'));
    expect(targetsOf(decisions.slice(0, ended + 1))).toHaveLength(ended + 1);
    expect(targetsOf(decisions.slice(ended + 1))).toEqual([]);
    expect(running(world).filter((image) => image === 'testapp:v2')).toHaveLength(3);
    expect(entries.findLastIndex(({ kind }) => kind === 'proof-noted')).toBe(
      kindsOf(entries).indexOf('succeeded') - 1,
    );
  });

  it('are not sent when no service asks for it', () => {
    const { decisions } = prove(release(deployed(), web('testapp:v2'), 2), well);

    expect(targetsOf(decisions)).toEqual([]);
  });

  it('are promised nothing before the first instance has some', () => {
    const empty = withIngress(aWorld([edge, anApplication([proven('v1')])]));
    const { decisions } = prove(empty, well);

    const serving = targetsOf(decisions).flatMap(({ entrances }) =>
      entrances.map(({ isServing }) => isServing),
    );
    expect(serving[0]).toBe(false);
    expect(serving.at(-1)).toBe(true);
    expect(serving.lastIndexOf(false)).toBeLessThan(serving.indexOf(true));
  });

  it('are promised nothing as long as no proxy says who gets them', () => {
    const [decision] = prove(
      silenced(release(deployed(proven('v1')), proven('v2'), 2)),
      well,
    ).decisions;

    expect(targetsOf(decision === undefined ? [] : [decision])).toMatchObject([
      { entrances: [{ url, isServing: false }] },
    ]);
  });

  it('go to each proxy at the port that it publishes for HTTP, where no URL is named', () => {
    const ports = [{ target: 8000, protocol: 'tcp' as const, hostIp: '', published: '80' }];
    const facts = { name: 'haproxy', replicas: 2, spread: ['zone'], container: { ports } };
    const proxies = anApplication([aService(facts)], { name: 'edge' });
    const [former, next] = ['v1', 'v2'].map((tag) => anApplication([proven(tag, { url: null })]));
    if (former === undefined || next === undefined) throw new Error('there are two');
    const before = run(withIngress(aWorld([proxies, former]))).world;
    const begun = withIngress(commit(before, [proxies, next], 2));
    const firstProxy = containers(begun).find(({ name }) => name.startsWith('edge-'));
    // It is on its way out.
    const leaving = edit(begun, (one) =>
      one.id === firstProxy?.id ? { ...one, restart: { ...one.restart, name: 'no' } } : one,
    );
    const urls = [begun, leaving].map((world) => {
      const { decisions } = prove(world, well, 1);
      return targetsOf(decisions).flatMap(({ entrances }) => entrances.map((one) => one.url));
    });

    expect(urls[0]).toEqual([
      expect.stringMatching(/^http:\/\/\S+:80$/),
      expect.stringMatching(/^http:\/\/\S+:80$/),
    ]);
    expect(urls[1]).toEqual(urls[0]?.slice(1));
  });

  it('are not sent while it is suspended', () => {
    const rolling = prove(release(deployed(proven('v1')), proven('v2'), 2), well, 4).world;
    const shop = anApplication([proven('v2')], { suspend: true });
    const { decisions } = prove(withIngress(commit(rolling, [edge, shop], 3)), well);

    expect(targetsOf(decisions)).toEqual([]);
  });

  it('are none of a plan', () => {
    const { last } = predict(release(deployed(proven('v1')), proven('v2'), 2));

    expect(last.settled).toBe(true);
  });
});

describe('what became of requests', () => {
  it('is written down at once, every five seconds, and when another one fails', () => {
    const rolling = prove(release(deployed(proven('v1')), proven('v2'), 2), well, 3).world;
    const noted = rolling.journal.applications.get('shop')?.rollout?.proofs?.['web'];
    const fails: Asked = (_target, { now }) => ({ failed: now >= rolling.now + 6_000 ? 1 : 0 });
    const { decisions } = prove(rolling, fails, 4);

    expect(noted).toMatchObject({ requests: 1_412, worstMs: 31 });
    const notes = decisions.map(({ entries }) =>
      entries.flatMap((entry) => (entry.kind === 'proof-noted' ? entry.proof.failed : [])),
    );
    expect(notes).toEqual([[], [0], [], [1]]);
  });

  it('is awaited until each entrance was asked after the last step', () => {
    const { world, entries } = prove(release(deployed(proven('v1')), proven('v2'), 2), () => ({
      isWhole: false,
    }));

    expect(kindsOf(entries)).not.toContain('succeeded');
    expect(decisionOf(decide(world)).waiting).toMatchObject([
      { kind: 'monitor', service: 'web', reason: 'proof: the last requests have not ended' },
    ]);
    expect(kindsOf(prove(world, well).entries)).toContain('succeeded');
  });

  it('is shown while it is under way', () => {
    const rolling = prove(release(deployed(proven('v1')), proven('v2'), 2), well, 4).world;

    expect(decisionOf(decide(rolling)).rollout?.proof).toMatchObject({ requests: 1_412 });
    // Beside the operator it is as it was written down last.
    const beside = decisionOf(decide({ ...rolling, proofs: null }));
    expect(beside.rollout?.proof).toMatchObject({ requests: 1_412 });
  });

  it('fails no rollout where it is only recorded', () => {
    const { entries } = prove(release(deployed(proven('v1')), proven('v2'), 2), badly);

    expect(kindsOf(entries)).toContain('succeeded');
    expect(failed(entries)).toEqual([]);
  });

  it('fails the rollout where the manifest says so, and not what undoes it', () => {
    const fail = { onFailure: 'fail' } as const;
    const before = deployed(proven('v1', fail));
    const { entries, world } = prove(release(before, proven('v2', fail), 2), badly);

    expect(failed(entries)).toMatchObject([
      {
        quarantine: {
          service: 'web',
          reason: 'RequestsFailed',
          message: `2 of 1,412 requests failed, slowest 31 ms, first: HTTP 502 at ${url} while stop-container web/1 on host-1`,
        },
      },
    ]);
    expect(kindsOf(entries)).toContain('rolled-back');
    expect(kindsOf(entries)).not.toContain('succeeded');
    expect(shopOf(world).map(({ spec }) => spec.image)).toEqual([
      'testapp:v1',
      'testapp:v1',
      'testapp:v1',
    ]);
  });

  it('fails what changes beside the service, and never what has proven itself', () => {
    const fail = proven('v1', { onFailure: 'fail' });
    const shop = (tag: string): ApplicationSpec =>
      anApplication([aService({ name: 'api', container: { image: `testapp:api-${tag}` } }), fail]);
    const before = run(withIngress(aWorld([edge, shop('v1')]))).world;
    const { entries } = prove(withIngress(commit(before, [edge, shop('v2')], 2)), badly);

    expect(failed(entries)).toMatchObject([{ quarantine: { service: 'api' } }]);
    expect(kindsOf(entries)).toContain('rolled-back');
  });

  it('fails the override that has changed, and a commit that changes that goes on', () => {
    const before = run(withIngress(aWorld([edge, overridden('v1')]))).world;
    const bad = prove(withIngress(commit(before, [edge, overridden('v2')], 2)), badly);
    expect(kindsOf(bad.entries)).toContain('rolled-back');
    const next = prove(withIngress(commit(bad.world, [edge, overridden('v3')], 3)), well);

    expect(kindsOf(next.entries)).toContain('succeeded');
    expect(running(next.world)).toContain('testapp:v3');
  });

  it('fails nothing where the manifest lets a rollout go on over failures', () => {
    const { update, ...rest } = proven('v2', { onFailure: 'fail' });
    const goesOn = { ...rest, update: { ...update, failureAction: 'continue' as const } };
    const { entries } = prove(release(deployed(proven('v1')), goesOn, 2), badly);

    expect(failed(entries)).toEqual([]);
    expect(kindsOf(entries)).toContain('succeeded');
  });
});

/** A worker of a version beside a service that has proven itself, with so many instances. */
function beside(tag: string, replicas: number): ApplicationSpec {
  const worker = aService({ name: 'worker', container: { image: `testapp:${tag}` } });
  return anApplication([worker, { ...proven('v1', { onFailure: 'fail' }), replicas }]);
}

describe('a service that is to have no instances', () => {
  it("is sent no requests: what it does not answer is nobody's failure", () => {
    const before = run(withIngress(aWorld([edge, beside('v1', 3)]))).world;

    const next = withIngress(commit(before, [edge, beside('v2', 0)], 2));
    const { entries, decisions } = prove(next, badly);

    expect(targetsOf(decisions)).toEqual([]);
    expect(failed(entries)).toEqual([]);
    expect(kindsOf(entries)).toContain('succeeded');
  });
});

describe('the sum of a long rollout', () => {
  it('is written down less often the longer it lasts', () => {
    const before = deployed(proven('v1'));
    const begun = prove(release(before, proven('v2'), 2), () => ({ isWhole: false }), 600);

    const notes = begun.entries.filter(({ kind }) => kind === 'proof-noted');
    expect(notes.length).toBeGreaterThan(5);
    expect(notes.length).toBeLessThan(60);
  });
});
