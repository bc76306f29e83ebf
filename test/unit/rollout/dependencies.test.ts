import { describe, expect, it } from 'vitest';

import type { Dependency, ServiceSpec } from '../../../src/model/application.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import { decisionOf, edit, fine, run, type Fate } from './scenario.ts';

function web(condition: Dependency['condition'], facts: Partial<Dependency> = {}): ServiceSpec {
  return aService({ dependsOn: [{ service: 'db', condition, required: true, ...facts }] });
}

function db(facts: Parameters<typeof aService>[0] = {}): ServiceSpec {
  return aService({ name: 'db', ...facts });
}

/** Whether an instance of `web` was made, and the reason that `web` waits for. */
function outcome(
  services: readonly ServiceSpec[],
  fate: Fate = fine,
): { readonly made: boolean; readonly waits: string } {
  const { steps, last } = run(aWorld([anApplication(services)]), fate);
  const made = steps.some(
    ({ service, action }) => service === 'web' && action.kind === 'create-container',
  );
  const waits = decisionOf(last).waiting.find(({ service }) => service === 'web')?.reason ?? '';
  return { made, waits };
}

const starting: Fate = ({ labels }) =>
  labels['fleetwright.service'] === 'db' ? { health: 'starting' } : {};
const finishing =
  (exitCode: number): Fate =>
  ({ labels }) =>
    labels['fleetwright.service'] === 'db' ? { state: 'exited', exitCode } : {};
const once = { container: { restart: { name: 'no', maximumRetryCount: 0 } } } as const;

describe('depends_on', () => {
  it('begins with the dependency', () => {
    const { steps } = run(aWorld([anApplication([db(), web('healthy')])]));

    const order = steps
      .filter(({ action }) => action.kind === 'create-container')
      .map(({ service }) => service);
    expect(order).toEqual(['db', 'web']);
  });

  it('started: does not wait for the dependency to be healthy', () => {
    expect(outcome([db({ gate: { healthyDeadlineMs: 1e9 } }), web('started')], starting)).toEqual({
      made: true,
      waits: '',
    });
  });

  it('healthy: waits until it is, and says so', () => {
    const slow = db({ gate: { healthyDeadlineMs: 1e9 } });

    expect(outcome([slow, web('healthy')], starting)).toEqual({
      made: false,
      waits: 'service "db" is not healthy yet',
    });
    expect(outcome([db(), web('healthy')]).made).toBe(true);
  });

  it('completed: waits for a clean end', () => {
    const lasting = db({ ...once, gate: { healthyDeadlineMs: 1e9 } });

    expect(outcome([lasting, web('completed')], starting)).toEqual({
      made: false,
      waits: 'service "db" is not completed yet',
    });
    expect(outcome([db(once), web('completed')], finishing(0)).made).toBe(true);
    expect(outcome([db(once), web('completed')], finishing(1)).made).toBe(false);
  });

  it.each([
    [true, { made: false, waits: 'service "db" does not exist' }],
    [false, { made: true, waits: '' }],
  ])('with required %s goes on without a service that is not there: %j', (required, expected) => {
    expect(outcome([web('started', { required })])).toEqual(expected);
  });

  it('does not hold back the repair of what has proved itself', () => {
    const { world } = run(aWorld([anApplication([db(), web('healthy')])]));
    const broken = edit(world, (container) =>
      container.labels['fleetwright.service'] === 'db'
        ? { ...container, health: 'unhealthy' }
        : null,
    );

    const { steps } = run(broken);

    expect(steps.map(({ service, action }) => `${action.kind} ${service}`)).toEqual([
      'create-container web',
      'start-container web',
      'update-container web',
    ]);
  });
});
