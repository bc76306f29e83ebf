import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import type { PortSpec } from '../../../src/model/container.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import { predict } from '../../../src/rollout/predict.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import { commit, containers, edit, exits, run, running } from './scenario.ts';

const port: PortSpec = { target: 8080, protocol: 'tcp', hostIp: '', published: '80' };

function web(facts: Parameters<typeof aService>[0] = {}): readonly ApplicationSpec[] {
  return [anApplication([aService(facts)])];
}

describe('a fixed host port goes over', () => {
  it('from a service to the one that it was renamed to', () => {
    const facts = { replicas: 2, container: { ports: [port] } };
    const world = run(aWorld(web(facts), ['host-1', 'host-2'])).world;

    const after = run(commit(world, web({ ...facts, name: 'shop' }), 2));

    expect(after.last.settled).toBe(true);
    expect(containers(after.world).every(({ name }) => name.startsWith('shop-shop'))).toBe(true);
  });

  it('from an application to the one that it was renamed to', () => {
    const service = aService({ mode: 'global', container: { ports: [port] } });
    const world = run(
      aWorld([anApplication([service], { name: 'old' }), ...web({ name: 'other' })]),
    ).world;

    const after = run(
      commit(world, [anApplication([service], { name: 'new' }), ...web({ name: 'other' })], 2),
    );

    expect(after.last.settled).toBe(true);
    expect(containers(after.world).filter(({ name }) => name.startsWith('new-'))).toHaveLength(3);
    expect(containers(after.world).filter(({ name }) => name.startsWith('old-'))).toHaveLength(0);
  });
});

describe('a service that becomes global, or is no longer', () => {
  it.each([
    ['global', { replicas: 3 }, { mode: 'global' }],
    ['replicated', { mode: 'global' }, { replicas: 3 }],
  ] as const)('%s: the old instances serve until the new ones do', (_name, before, after) => {
    const world = run(aWorld(web(before))).world;

    const prediction = predict(commit(world, web(after), 2));

    const kinds = prediction.waves.map((wave) => wave.map(({ action }) => action.kind));
    const firstStop = kinds.findIndex((wave) => wave.includes('stop-container'));
    const firstStart = kinds.findIndex((wave) => wave.includes('start-container'));
    expect(firstStart).toBeLessThan(firstStop);
    expect(prediction.last.settled).toBe(true);
    expect(containers(prediction.end)).toHaveLength(3);
  });
});

function both(image: string): readonly ApplicationSpec[] {
  const api = aService({ name: 'api', container: { image } });
  const dependsOn = [{ service: 'api', condition: 'started', required: true }] as const;
  const web = aService({ name: 'web', container: { image, ports: [port] }, dependsOn });
  return [anApplication([api, web])];
}

describe('an update with depends_on', () => {
  it('leaves what serves alone until the dependency has been updated', () => {
    const world = run(aWorld(both('testapp:v1'))).world;
    const after = run(commit(world, both('testapp:v2'), 2), exits('testapp:v2'));

    expect(after.last.applications[0]?.target.mode).toBe('rollback');
    expect(after.steps.filter(({ service }) => service === 'web')).toEqual([]);
    expect(running(after.world)).toEqual(['testapp:v1', 'testapp:v1']);
  });
});

describe('what is not the revision’s fault', () => {
  it('is the end of an instance on probation while its host was out of sight', () => {
    const world = run(aWorld(web())).world;
    const next = commit(world, web({ container: { image: 'testapp:v2' } }), 2);
    let rebooted = false;
    const reboots = (container: ObservedContainer): Partial<ObservedContainer> => {
      if (rebooted || container.spec.image !== 'testapp:v2') return {};
      rebooted = true;
      return { state: 'exited', exitCode: 255, startedAt: -1 };
    };

    const after = run(next, reboots);

    expect(rebooted).toBe(true);
    expect(after.entries.map(({ kind }) => kind)).not.toContain('quarantined');
    expect(running(after.world)).toEqual(['testapp:v2']);
  });
});

describe('a container that was made anew behind our back', () => {
  it('is replaced when it runs another image, though its name and labels are ours', () => {
    const world = run(aWorld(web())).world;
    const swapped = edit(
      { ...world, journal: { ...world.journal, instances: emptyJournal.instances } },
      (container) => ({
        ...container,
        spec: { ...container.spec, image: 'testapp:v3' },
      }),
    );

    const after = run(swapped);

    expect(running(after.world)).toEqual(['testapp:v1']);
  });
});
