import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles } from '../../support/load-files.ts';

function rollout(text: string): string {
  return `x-fleetwright: { rollout: { ${text} } }`;
}

/** Complaints about one service `web` with these lines, and about the lines after it. */
function complaints(lines: readonly string[], after = ''): readonly string[] {
  const own = lines.map((line) => `    ${line}\n`).join('');
  const manifest = `services:\n  web:\n    image: nginx\n${own}${after}`;
  return loadFiles({ 'shop/compose.yaml': manifest }).diagnostics.map((each) =>
    `${each.severity} ${formatProblem(each)}`.replace('shop/compose.yaml:', ''),
  );
}

const canary = 'strategy: canary, steps: [{ replicas: 1 }]';

describe('rules on rollouts', () => {
  it.each([
    {
      name: 'knobs of a rollback that have no effect',
      lines: ['deploy: { rollback_config: { monitor: 5s, max_failure_ratio: 0 } }'],
      expected: [
        'warning 4:43 ignored-value: "monitor" has no effect: what a rollback goes back to has been watched before',
        'warning 4:66 ignored-value: "max_failure_ratio" has no effect: failure_action applies to the first failure of a rollback',
      ],
    },
    {
      name: 'a rollback of a rollback',
      lines: ['deploy: { rollback_config: { failure_action: rollback } }'],
      expected: [
        'error 4:50 invalid-value: "failure_action" must be pause or continue, got "rollback"',
      ],
    },
    {
      name: 'a singleton of several',
      lines: ['deploy: { replicas: 2 }', 'x-fleetwright: { singleton: true }'],
      expected: ['error 4:25 conflicting-keys: a singleton cannot have 2 replicas'],
    },
    {
      name: 'a singleton on every host',
      lines: ['deploy: { mode: global }', 'x-fleetwright: { singleton: true }'],
      expected: [
        'error 4:21 conflicting-keys: a singleton cannot be global: it would have one instance per eligible host',
      ],
    },
    {
      name: 'a singleton with something beside it',
      lines: ['x-fleetwright: { singleton: true, rollout: { strategy: blue-green } }'],
      expected: [
        'error 4:60 conflicting-keys: service "web" is a singleton, so nothing can run beside it, and its strategy cannot be blue-green',
      ],
    },
    {
      name: 'a singleton that surges',
      lines: ['x-fleetwright: { singleton: true, rollout: { maxSurge: 1 } }'],
      expected: [
        'warning 4:60 ignored-value: "maxSurge" has no effect: an instance is stopped before its successor starts, because the service is a singleton',
      ],
    },
    {
      name: 'a singleton that says neither true nor false',
      lines: ['x-fleetwright: { singleton: maybe }'],
      expected: ['error 4:33 invalid-value: "singleton" must be true or false, got "maybe"'],
    },
    {
      name: 'an unknown strategy',
      lines: [rollout('strategy: bluegreen')],
      expected: [
        'error 4:43 invalid-value: "strategy" must be rolling, canary or blue-green, got "bluegreen" (did you mean "blue-green"?)',
      ],
    },
    {
      name: 'a canary without steps',
      lines: [rollout('strategy: canary')],
      expected: ['error 4:43 missing-key: the strategy canary of service "web" needs "steps"'],
    },
    {
      name: 'a canary with no steps',
      lines: [rollout('strategy: canary, steps: []')],
      expected: ['error 4:58 invalid-value: "steps" must not be empty'],
    },
    {
      name: 'keys of other strategies',
      lines: [rollout('steps: [{ replicas: 1 }], bake: 1m, promote: manual')],
      expected: [
        'error 4:33 conflicting-keys: "steps" needs the strategy canary, and that of service "web" is rolling',
        'error 4:59 conflicting-keys: "bake" needs the strategy blue-green, and that of service "web" is rolling',
        'error 4:69 conflicting-keys: "promote" needs the strategy canary or blue-green, and that of service "web" is rolling',
      ],
    },
    {
      name: 'steps of blue-green',
      lines: [rollout('strategy: blue-green, steps: [{ percent: 100 }]')],
      expected: [
        'error 4:55 conflicting-keys: "steps" needs the strategy canary, and that of service "web" is blue-green',
      ],
    },
    {
      name: 'a step with two amounts, and one with none',
      lines: [rollout('strategy: canary, steps: [{ replicas: 1, percent: 5 }, { bake: 1s }]')],
      expected: [
        'error 4:83 conflicting-keys: a step cannot have both "replicas" and "percent"',
        'error 4:88 missing-key: a step must have "replicas" or "percent"',
      ],
    },
    {
      name: 'steps that do not grow',
      lines: [
        rollout(
          'strategy: canary, steps: [{ percent: 50 }, { replicas: 2 }, { percent: 50 }, { replicas: 1 }]',
        ),
      ],
      expected: [
        'error 4:104 invalid-value: each step must reach further than those before it: 50 after 50',
        'error 4:122 invalid-value: each step must reach further than those before it: 1 after 2',
      ],
    },
    {
      name: 'steps out of range',
      lines: [rollout('strategy: canary, steps: [{ replicas: 0 }, { percent: 101 }]')],
      expected: [
        'error 4:71 invalid-value: "replicas" must be at least 1, got 0',
        'error 4:87 invalid-value: "percent" must be at most 100, got 101',
      ],
    },
    {
      name: 'a bake that is no duration',
      lines: [rollout('strategy: canary, steps: [{ replicas: 1, bake: "10" }]')],
      expected: [
        'error 4:80 invalid-value: "10" is not a duration: expected numbers with units (ns, us, ms, s, m, h, d, w), such as 1m30s',
      ],
    },
    {
      name: 'amounts of several rollouts',
      lines: [rollout('maxSurge: 1.5, maxUnavailable: some, attempts: 6')],
      expected: [
        'error 4:43 wrong-type: "maxSurge" must be integer or string, got number',
        'error 4:64 invalid-value: "maxUnavailable" must be a whole number, or a percentage such as "25%", got "some"',
        'error 4:80 invalid-value: "attempts" must be at most 5, got 6',
      ],
    },
    {
      name: 'more than all',
      lines: [rollout('maxUnavailable: 150%, attempts: 0')],
      expected: [
        'error 4:49 invalid-value: "150%" is not a share of the instances: expected a whole number, or a percentage from 0% to 100%',
        'error 4:65 invalid-value: "attempts" must be at least 1, got 0',
      ],
    },
    {
      name: 'bounds that allow nothing',
      lines: [rollout('maxSurge: 0%, maxUnavailable: 0')],
      expected: [
        'warning 4:63 ignored-value: "maxSurge" and "maxUnavailable" are both 0, which allows no change: one instance is taken as unavailable',
      ],
    },
    {
      name: 'a surge that is stopped first',
      lines: ['ports: ["80:80"]', rollout('maxSurge: 1')],
      expected: [
        'warning 5:43 ignored-value: "maxSurge" has no effect: an instance is stopped before its successor starts, because it publishes host port 80',
      ],
    },
    {
      name: 'green and blue on one host port',
      lines: ['ports: ["80:80"]', rollout('strategy: blue-green')],
      expected: [
        'error 5:43 conflicting-keys: service "web" cannot run green beside blue, because it publishes host port 80',
      ],
    },
    {
      name: 'green after blue',
      lines: ['deploy: { update_config: { order: stop-first } }', rollout('strategy: blue-green')],
      expected: [
        'error 5:43 conflicting-keys: service "web" cannot run green beside blue, because its order is stop-first',
      ],
    },
    {
      name: 'canaries on a host port',
      lines: ['ports: ["80:80"]', rollout(canary)],
      expected: [
        'warning 5:43 canary-in-place: canaries of service "web" replace an instance instead of running beside it, because it publishes host port 80',
      ],
    },
    {
      name: 'canaries that write to a volume',
      lines: ['volumes: ["data:/data"]', rollout(canary)],
      after: 'volumes: { data: }\n',
      expected: [
        'warning 5:43 canary-in-place: canaries of service "web" replace an instance instead of running beside it, because it writes to volume "data" and does not say order: start-first',
      ],
    },
    {
      name: 'a rollout shorter than an instance may take',
      lines: [
        'x-fleetwright: { gate: { healthyDeadline: 2m }, rollout: { progressDeadline: 2m } }',
      ],
      expected: [
        'error 4:82 invalid-value: "progressDeadline" (120000 ms) must be longer than "healthyDeadline" of service "web" (120000 ms)',
      ],
    },
    {
      name: 'a rollout shorter than an instance may take by default',
      lines: [rollout('progressDeadline: 1m')],
      expected: [
        'error 4:51 invalid-value: "progressDeadline" (60000 ms) must be longer than "healthyDeadline" of service "web" (300000 ms by default)',
      ],
    },
    {
      name: 'an unknown key',
      lines: [rollout('maxSurg: 1')],
      expected: ['error 4:33 unknown-key: unknown key "maxSurg" (did you mean "maxSurge"?)'],
    },
  ])('$name', ({ lines, after, expected }) => {
    expect(complaints(lines, after)).toEqual(expected);
  });

  it.each([
    { name: 'a global canary', lines: ['deploy: { mode: global }', rollout(canary)] },
    {
      name: 'green beside blue on free ports and read-only volumes',
      lines: [
        'ports: ["80", "8000-8010:81"]',
        'volumes: ["data:/data:ro", "/anonymous"]',
        rollout('strategy: blue-green'),
      ],
      after: 'volumes: { data: }\n',
    },
    {
      name: 'two writers that the manifest asks for',
      lines: [
        'volumes: ["data:/data"]',
        'deploy: { update_config: { order: start-first } }',
        rollout('strategy: blue-green, maxSurge: 1'),
      ],
      after: 'volumes: { data: }\n',
    },
    {
      name: 'no singleton',
      lines: ['deploy: { replicas: 2 }', 'x-fleetwright: { singleton: false }'],
    },
  ])('allows $name', ({ lines, after }) => {
    expect(complaints(lines, after)).toEqual([]);
  });
});

describe('rules on what an application says for its services', () => {
  it.each([
    {
      name: 'a canary without steps',
      common: 'strategy: canary',
      expected: ['error 5:39 missing-key: the strategy canary of service "web" needs "steps"'],
    },
    {
      name: 'keys that no service takes',
      common: 'steps: [{ replicas: 1 }], bake: 1m, promote: auto',
      expected: [
        'error 5:29 conflicting-keys: "steps" needs the strategy canary, and no service that takes it from here has it',
        'error 5:55 conflicting-keys: "bake" needs the strategy blue-green, and no service that takes it from here has it',
        'error 5:65 conflicting-keys: "promote" needs the strategy canary or blue-green, and no service that takes it from here has it',
      ],
    },
    {
      name: 'steps that only a service with its own would take',
      lines: [rollout(canary)],
      common: 'steps: [{ replicas: 1 }]',
      expected: [
        'error 5:29 conflicting-keys: "steps" needs the strategy canary, and no service that takes it from here has it',
      ],
    },
    {
      name: 'values that a service replaces',
      lines: [rollout('progressDeadline: 10m, maxSurge: 1')],
      common: 'progressDeadline: soon, maxSurge: 200%',
      expected: [
        'error 5:47 invalid-value: "soon" is not a duration: expected numbers with units (ns, us, ms, s, m, h, d, w), such as 1m30s',
        'error 5:63 invalid-value: "200%" is not a share of the instances: expected a whole number, or a percentage from 0% to 100%',
      ],
    },
    {
      name: 'a strategy that a singleton cannot follow',
      lines: ['x-fleetwright: { singleton: true }'],
      common: canary,
      expected: [
        'error 5:39 conflicting-keys: service "web" is a singleton, so nothing can run beside it, and its strategy cannot be canary',
      ],
    },
    {
      name: 'steps that a service takes',
      lines: [rollout('strategy: canary')],
      common: 'steps: [{ replicas: 1 }]',
      expected: [],
    },
    {
      name: 'a surge that a service cannot use, which is for others',
      lines: ['x-fleetwright: { singleton: true }'],
      common: 'maxSurge: 1',
      expected: [],
    },
  ])('$name', ({ lines = ['user: "1"'], common, expected }) => {
    expect(complaints(lines, `x-fleetwright: { rollout: { ${common} } }\n`)).toEqual(expected);
  });
});
