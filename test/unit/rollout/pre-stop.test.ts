import { describe, expect, it } from 'vitest';

import type { Step } from '../../../src/model/step.ts';
import { acceptEntries } from '../../../src/model/accept-entries.ts';
import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aWorld } from '../../support/builders.ts';
import { deployed, play, shop } from './play.ts';
import { commit, exits, run } from './scenario.ts';

function stopping(command: string): ServiceFacts {
  return { hooks: { preStop: [{ command: [command] }] } };
}

/** The programs of the hooks of each stop. */
function hooksOf(steps: readonly Step[]): readonly (readonly string[])[] {
  return steps.flatMap(({ action }) =>
    action.kind === 'stop-container'
      ? [(action.hooks ?? []).map(({ command }) => command.join(' '))]
      : [],
  );
}

const world = deployed('v1', stopping('drain'), ['host-1']);

describe('pre_stop hooks', () => {
  it('are those of the version that is replaced', () => {
    const { steps } = run(commit(world, shop('v2', stopping('other')), 2));

    expect(hooksOf(steps)).toEqual([['drain']]);
  });

  it('are those that a commit says now for the same version', () => {
    const again = commit(world, shop('v1', stopping('mended')), 2);

    expect(hooksOf(run(commit(run(again).world, shop('v2'), 3)).steps)).toEqual([['mended']]);
  });

  it('are run when a slot is taken away', () => {
    const three = deployed('v1', { ...stopping('drain'), replicas: 3 }, ['host-1']);

    const { steps } = run(commit(three, shop('v1', { ...stopping('drain'), replicas: 1 }), 2));

    expect(hooksOf(steps)).toEqual([['drain'], ['drain']]);
  });

  it('are run when the service is taken out of the manifest, and when the application is', () => {
    const other = shop('v1', { name: 'other' });
    expect(hooksOf(run(commit(world, other, 2)).steps)).toEqual([['drain']]);

    const gone = commit(world, [], 2);
    const approved = {
      ...gone.desired,
      fleet: { ...gone.desired.fleet, prune: { approved: [gone.desired.revision.commit] } },
    };
    const entries = acceptEntries(world.journal, gone.desired.revision.commit, []);
    const journal = entries.reduce(reduceJournal, world.journal);
    expect(hooksOf(run({ ...gone, desired: approved, journal }).steps)).toEqual([['drain']]);
  });

  it('are run in what a failed version leaves running', () => {
    const { steps } = play(
      commit(world, shop('v2', { ...stopping('sweep'), replicas: 2 }), 2),
      120_000,
      { fate: ({ spec }) => (spec.image === 'testapp:v2' ? { health: 'unhealthy' } : {}) },
    );

    expect(hooksOf(steps)).toContainEqual(['sweep']);
  });

  it('are not run where nothing has to be stopped', () => {
    const { steps } = run(aWorld(shop('v2', stopping('drain')), ['host-1']), exits('testapp:v2'));

    expect(hooksOf(steps)).toEqual([]);
  });
});
