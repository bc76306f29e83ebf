import { describe, expect, it } from 'vitest';

import type { ServiceFacts } from '../../support/builders.ts';
import { count, deployed, play, shop } from './play.ts';
import { commit, edit, running } from './scenario.ts';

const limit = 600_000;

function kinds(entries: readonly { readonly kind: string }[]): readonly string[] {
  return entries.map(({ kind }) => kind);
}

describe('a rollout that was held up, or only watched, for longer than its deadline', () => {
  it('goes on when the registry is back', () => {
    const down = {
      class: 'infrastructure',
      reason: 'RegistryUnavailable',
      message: '503',
    } as const;
    const v9: ServiceFacts = { replicas: 2, container: { image: 'testapp:v9' } };
    const start = commit(deployed('v1', { replicas: 2 }), shop('v9', v9), 2);
    const waited = play(start, 2 * limit, {
      refuse: ({ action }) => (action.kind === 'pull-image' ? down : null),
    });

    const { world, entries } = play(waited.world, 240_000);

    expect(kinds(entries)).not.toContain('quarantined');
    expect(running(world)).toEqual(['testapp:v9', 'testapp:v9']);
  });

  const manual: ServiceFacts = {
    replicas: 3,
    rollout: {
      strategy: 'canary',
      promote: 'manual',
      steps: [{ slots: { kind: 'count', count: 1 }, bakeMs: 10_000 }],
    },
  };

  it.each(['removed', 'stopped', 'paused'] as const)(
    'repairs a canary that waits for promotion and is %s by hand',
    (how) => {
      const start = commit(deployed('v1', manual), shop('v2', manual), 2);
      const hurt = edit(play(start, 2 * limit).world, (one) => {
        if (one.spec.image !== 'testapp:v2') return one;
        return how === 'removed'
          ? null
          : { ...one, state: how === 'stopped' ? 'exited' : 'paused' };
      });

      const { world, entries } = play(hurt, 60_000);

      expect(kinds(entries)).not.toContain('quarantined');
      expect(count(world, 'v2')).toBe(1);
    },
  );

  it.each(['removed', 'stopped'] as const)(
    'repairs what is %s by hand in a watch that is longer than the deadline',
    (how) => {
      const long: ServiceFacts = { replicas: 3, update: { monitorMs: 3 * limit } };
      const start = commit(deployed('v1', { replicas: 3 }), shop('v2', long), 2);
      const hurt = edit(play(start, 2 * limit).world, (one) => {
        if (one.labels['fleetwright.slot'] !== '2') return one;
        return how === 'removed' ? null : { ...one, state: 'exited' };
      });

      const { world, entries } = play(hurt, 60_000);

      expect(kinds(entries)).not.toContain('quarantined');
      expect(count(world, 'v2')).toBe(3);
    },
  );
});
