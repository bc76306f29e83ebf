import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import { label, ownerLabels } from '../../../src/model/labels.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import {
  aCommit,
  aJournal,
  anApplication,
  anUnreachableHost,
  aReachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';
import { commit, containers, edit, exits, kinds, run, seeing } from './scenario.ts';

function applications(...names: readonly string[]): readonly ApplicationSpec[] {
  return names.map((name) => anApplication([aService()], { name }));
}

function deployed(...names: readonly string[]): World {
  return run(aWorld(applications(...names))).world;
}

function namesOf(world: World): readonly string[] {
  return containers(world).map(({ labels }) => labels[label.application] ?? '');
}

function approve(world: World, ...approved: readonly string[]): World {
  const fleet = { ...world.desired.fleet, prune: { approved } };
  return { ...world, desired: { ...world.desired, fleet } };
}

describe('an application that a commit removes', () => {
  it('is taken down for that commit: policy, stop, remove', () => {
    const before = deployed('blog', 'docs', 'shop', 'wiki');

    const { steps, world, last } = run(commit(before, applications('blog', 'docs', 'shop'), 7));

    expect(kinds(steps)).toEqual(['update-container 1', 'stop-container 1', 'remove-container 1']);
    expect(new Set(steps.map(({ cause }) => cause.commit))).toEqual(new Set([aCommit(7)]));
    expect(namesOf(world).toSorted()).toEqual(['blog', 'docs', 'shop']);
    expect(last.settled).toBe(true);
  });

  it('stays while another application has not been rolled out', () => {
    const before = deployed('blog', 'docs', 'shop', 'wiki');
    const bad = anApplication([aService({ container: { image: 'testapp:v2' } })], { name: 'blog' });

    const { world, last } = run(
      commit(before, [bad, ...applications('docs', 'shop')], 7),
      exits('testapp:v2'),
    );

    expect(namesOf(world)).toContain('wiki');
    expect(last.prune.waiting).toMatchObject([{ application: 'wiki' }]);
    expect(last.drift).toMatchObject([{ class: 'orphan', application: 'wiki', action: 'prune' }]);
  });

  it('loses its networks after its instances, and keeps its volumes', () => {
    const labels = ownerLabels('test', 'wiki');
    const network = { id: 'n1', name: 'wiki_default', driver: 'bridge', internal: false, labels };
    const foreign = { ...network, id: 'n2', name: 'other', labels: ownerLabels('theirs', 'wiki') };
    const volume = { name: 'wiki_data', driver: 'local', labels };
    const before = deployed('blog', 'docs', 'shop', 'wiki');
    const host = before.observations.get(aReachableHost('host-1').host);
    if (host?.kind !== 'reachable') throw new Error('it is reachable');
    const furnished = seeing(before, { ...host, networks: [network, foreign], volumes: [volume] });

    const { steps, world } = run(commit(furnished, applications('blog', 'docs', 'shop'), 7));

    expect(kinds(steps).at(-1)).toBe('remove-network');
    expect(world.observations.get(host.host)).toMatchObject({
      networks: [foreign],
      volumes: [volume],
    });
  });

  it('stays while a host that had it cannot be seen', () => {
    const before = deployed('blog', 'docs', 'shop', 'wiki');
    const { host } = containers(before).find(
      ({ labels }) => labels[label.application] === 'wiki',
    ) ?? {
      host: '',
    };
    const others = applications('blog', 'docs', 'shop').filter(({ name }) =>
      containers(before).some(
        ({ labels, host: at }) => labels[label.application] === name && at !== host,
      ),
    );
    const away = seeing(commit(before, others, 7), anUnreachableHost(host));

    const { steps, world } = run(away);

    expect(steps).toEqual([]);
    expect(world.journal.applications.get('wiki')?.removedBy).toBe(aCommit(7));
  });

  it('is brought back, as it was, by the commit that restores it', () => {
    const before = deployed('blog', 'shop');
    const held = commit(before, [], 7);

    const restored = run(commit(held, applications('blog', 'shop'), 8));

    expect(restored.steps).toEqual([]);
    expect(restored.last.settled).toBe(true);
  });
});

describe('many removals at once', () => {
  const five = ['a', 'b', 'c', 'd', 'e'];

  it.each([
    ['one of five', five.slice(1), null],
    ['two of five', five.slice(2), { applications: ['a', 'b'], of: 5, commits: [aCommit(7)] }],
    ['all', [], { applications: five, of: 5, commits: [aCommit(7)] }],
  ])('%s', (_name, left, held) => {
    const decision = decide(commit(deployed(...five), applications(...left), 7));

    expect(decision.prune.held).toEqual(held);
    expect(decision.settled).toBe(false);
  });

  it('the only application there is', () => {
    const { last, steps } = run(commit(deployed('shop'), [], 7));

    expect(last.prune.held).toMatchObject({ applications: ['shop'], of: 1 });
    expect(steps).toEqual([]);
    expect(last.drift).toMatchObject([{ class: 'orphan', action: 'report' }]);
  });

  it('goes on when the commit is approved, by a prefix of it too', () => {
    const seed = 'abc'.padEnd(40, '1');
    const removed = commit(deployed(...five), applications('a'), seed);

    const { world, last } = run(approve(removed, seed.slice(0, 7)));

    expect(namesOf(world)).toEqual(['a']);
    expect(last.settled).toBe(true);
  });

  it('does not go on when another commit is approved', () => {
    const removed = commit(deployed(...five), applications('a'), 7);

    expect(run(approve(removed, aCommit(8))).steps).toEqual([]);
  });
});

describe('what no accepted commit is known to have had', () => {
  it('is reported and left alone', () => {
    const world = { ...deployed('blog', 'shop'), journal: aJournal() };

    const { steps, last } = run(commit(world, applications('shop'), 7));

    expect(steps).toEqual([]);
    expect(last.drift).toMatchObject([
      { class: 'orphan', application: 'blog', action: 'report', commit: null },
    ]);
  });

  it('is not ours when its fleet label is', () => {
    const before = deployed('blog', 'docs', 'shop', 'wiki');
    const copied = edit(before, (container) =>
      container.labels[label.application] === 'wiki' ? { ...container, name: 'mine' } : container,
    );
    const forgotten = { ...copied, journal: { ...copied.journal, instances: new Map() } };

    const { steps, world } = run(commit(forgotten, applications('blog', 'docs', 'shop'), 7));

    expect(steps).toEqual([]);
    expect(namesOf(world)).toContain('wiki');
  });
});
