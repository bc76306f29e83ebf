import { describe, expect, it } from 'vitest';

import { formatProblem, loadApplication, loadFiles } from '../../support/load-files.ts';

/** A manifest with a service `web`, these services, and these jobs. */
function manifest(services: readonly string[], jobs: string): string {
  const lines = services.map((line) => `  ${line}\n`).join('');
  return `services:\n  web: { image: x }\n${lines}x-fleetwright: { jobs: { ${jobs} } }\n`;
}

function complaints(text: string): readonly string[] {
  return loadFiles({ 'shop/compose.yaml': text }).diagnostics.map((each) =>
    `${each.severity} ${formatProblem(each)}`.replace('shop/compose.yaml:', ''),
  );
}

describe('a job', () => {
  it('is a service of its name that runs once, in ten minutes', () => {
    const { services } = loadApplication(
      manifest(['migrate: { image: x, healthcheck: { test: x } }'], 'migrate: { when: before }'),
    );

    expect(services[0]).toMatchObject({
      name: 'migrate',
      job: { when: 'before' },
      mode: 'replicated',
      replicas: 1,
      container: { restart: { name: 'no', maximumRetryCount: 0 } },
      gate: { probe: null, minHealthyTimeMs: 0, healthyDeadlineMs: 600_000 },
      rollout: {
        strategy: 'rolling',
        steps: [],
        promote: 'auto',
        attempts: 1,
        progressDeadlineMs: 1_200_000,
      },
    });
    expect(services[1]).toMatchObject({
      name: 'web',
      job: null,
      container: { restart: { name: 'unless-stopped' } },
    });
  });

  it('may run a service of another name, afterwards, and in another time', () => {
    const { services } = loadApplication(
      manifest(
        ['smoke-test: { image: x, restart: "no", deploy: { replicas: 1 } }'],
        'check: { service: smoke-test, when: after, timeout: 90s }',
      ),
    );

    expect(services[0]).toMatchObject({
      name: 'smoke-test',
      job: { when: 'after' },
      gate: { healthyDeadlineMs: 90_000 },
      rollout: { progressDeadlineMs: 600_000 },
    });
  });

  it('takes nothing from the rollout of the application', () => {
    const { services } = loadApplication(`
services: { job: { image: x }, web: { image: x } }
x-fleetwright:
  jobs: { job: { when: before } }
  rollout: { strategy: blue-green, promote: manual, maxSurge: 1, attempts: 5, progressDeadline: 1h }
`);

    expect(services[0]).toMatchObject({
      update: { parallelism: 1, maxSurge: null },
      rollout: { strategy: 'rolling', promote: 'auto', attempts: 1, progressDeadlineMs: 1_200_000 },
    });
  });
});

function hashes(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(loadApplication(text).services.map(({ name, hash }) => [name, hash]));
}

describe('the hash of a job', () => {
  const jobs = 'first: { when: before }, last: { when: after }';
  const both = ['first: { image: x }', 'last: { image: x }'];
  const base = hashes(manifest(both, jobs));

  it('is not that of its container alone', () => {
    expect(base['first']).not.toBe(base['web']);
  });

  it('changes with every service that is no job', () => {
    const changed = hashes(
      manifest(both, jobs).replace('web: { image: x }', 'web: { image: "x:2" }'),
    );

    expect(changed['first']).not.toBe(base['first']);
    expect(changed['last']).not.toBe(base['last']);
  });

  it('does not change with other jobs, the number of replicas, or its time', () => {
    const changed = hashes(
      manifest(
        ['first: { image: x }', 'last: { image: "x:2" }'],
        'first: { when: after, timeout: 1s }, last: { when: after }',
      ).replace('web: { image: x }', 'web: { image: x, deploy: { replicas: 5 } }'),
    );

    expect(changed['first']).toBe(base['first']);
    expect(changed['last']).not.toBe(base['last']);
  });
});

const job = 'job: { when: before }';

describe('rules on jobs', () => {
  it.each([
    {
      name: 'a job of no service',
      text: manifest(['migrate: { image: x }'], 'migrat: { when: before }'),
      expected: [
        'error 4:26 undefined-service: job "migrat" runs service "migrat", which is not defined (did you mean "migrate"?)',
      ],
    },
    {
      name: 'a job of no service that it names',
      text: manifest([], 'migrate: { service: webb, when: before }'),
      expected: [
        'error 3:46 undefined-service: job "migrate" runs service "webb", which is not defined (did you mean "web"?)',
      ],
    },
    {
      name: 'a job of a service that is left out',
      text: manifest(['job: { image: x, profiles: [a] }'], job),
      expected: [
        'error 4:26 inactive-service: job "job" runs service "job", which is left out, since none of its profiles is active',
      ],
    },
    {
      name: 'two jobs of one service',
      text: manifest(['job: { image: x }'], `${job}, again: { service: job, when: after }`),
      expected: [
        'error 4:67 duplicate-job: service "job" is in two jobs; the other stands at shop/compose.yaml:4:26',
      ],
    },
    {
      name: 'a job that does not say when',
      text: manifest(['job: { image: x }'], 'job: { timeout: 1m }'),
      expected: ['error 4:26 missing-key: "job" must have the key "when"'],
    },
    {
      name: 'a job at another time',
      text: manifest(['job: { image: x }'], 'job: { when: during }'),
      expected: ['error 4:39 invalid-value: "when" must be before or after, got "during"'],
    },
    {
      name: 'a job without time',
      text: manifest(['job: { image: x }'], 'job: { when: before, timeout: 0s }'),
      expected: ['error 4:56 invalid-value: "timeout" must be longer than zero'],
    },
    {
      name: 'a bad name',
      text: manifest(['job: { image: x }'], '"a b": { service: job, when: before }'),
      expected: [
        'error 4:26 invalid-name: invalid name "a b": must be letters, digits, ".", "_" or "-"',
      ],
    },
    {
      name: 'nothing but jobs',
      text: manifest([], 'web: { when: before }'),
      expected: ['error 3:18 only-jobs: all services of the application are jobs'],
    },
    {
      name: 'several instances',
      text: manifest(['job: { image: x, deploy: { replicas: 2 } }'], job),
      expected: ['error 3:40 conflicting-keys: job "job" cannot have replicas: it runs once'],
    },
    {
      name: 'an instance per host',
      text: manifest(['job: { image: x, deploy: { mode: global } }'], job),
      expected: ['error 3:36 conflicting-keys: job "job" cannot be global: it runs once'],
    },
    {
      name: 'restarts',
      text: manifest(['job: { image: x, restart: on-failure }'], job),
      expected: [
        'error 3:29 conflicting-keys: job "job" cannot be restarted: it runs once, and its exit code counts',
      ],
    },
    {
      name: 'restarts under deploy',
      text: manifest(
        ['job: { image: x, restart: "no", deploy: { restart_policy: { condition: any } } }'],
        job,
      ),
      expected: [
        'error 3:61 conflicting-keys: job "job" cannot be restarted: it runs once, and its exit code counts',
      ],
    },
    {
      name: 'what services say that run all the time',
      text: manifest(
        [
          'job: { image: x, x-fleetwright: { gate: {}, rollout: {}, singleton: true }, deploy: { rollback_config: {}, update_config: { order: stop-first, parallelism: 2, delay: 1s, monitor: 1s, failure_action: pause } } }',
        ],
        job,
      ),
      expected: [
        'error 3:37 conflicting-keys: job "job" cannot have "gate"',
        'error 3:47 conflicting-keys: job "job" cannot have "rollout"',
        'error 3:60 conflicting-keys: job "job" cannot have "singleton"',
        'error 3:89 conflicting-keys: job "job" cannot have "rollback_config": a rollback runs no jobs',
        'error 3:127 conflicting-keys: job "job" cannot have "order": it has one instance, and replaces none',
        'error 3:146 conflicting-keys: job "job" cannot have "parallelism": it has one instance, and replaces none',
        'error 3:162 conflicting-keys: job "job" cannot have "delay": it has one instance, and replaces none',
      ],
    },
    {
      name: 'a job before that waits for a service',
      text: manifest(['job: { image: x, depends_on: [web] }'], job),
      expected: [
        'error 3:33 dependency-cycle: job "job" waits for service "web", which starts only after it',
      ],
    },
    {
      name: 'a job before that waits for a job after',
      text: manifest(
        [
          'job: { image: x, depends_on: { last: { condition: service_completed_successfully } } }',
          'last: { image: x }',
        ],
        `${job}, last: { when: after }`,
      ),
      expected: [
        'error 3:34 dependency-cycle: job "job" waits for job "last", which starts only after it',
      ],
    },
    {
      name: 'a service that waits for a job after',
      text: manifest(
        [
          'api: { image: x, depends_on: { job: { condition: service_completed_successfully } } }',
          'job: { image: x }',
        ],
        'job: { when: after }',
      ),
      expected: [
        'error 3:34 dependency-cycle: service "api" waits for job "job", which starts only after it',
      ],
    },
    {
      name: 'a service that waits for a job to be healthy',
      text: manifest(
        [
          'api: { image: x, depends_on: { job: { condition: service_healthy } } }',
          'job: { image: x }',
        ],
        job,
      ),
      expected: [
        'error 3:52 conflicting-keys: service "api" can wait for job "job" only until it has completed',
      ],
    },
  ])('refuse $name', ({ text, expected }) => {
    expect(complaints(text)).toEqual(expected);
  });

  const completed = 'condition: service_completed_successfully';

  it.each([
    {
      name: 'restart_policy: none',
      services: ['job: { image: x, deploy: { restart_policy: { condition: none } } }'],
      jobs: job,
    },
    {
      name: 'a service that waits for the end of a job before it',
      services: ['job: { image: x }', `api: { image: x, depends_on: { job: { ${completed} } } }`],
      jobs: job,
    },
    {
      name: 'jobs that wait for each other in their order',
      services: [
        'job: { image: x }',
        `second: { image: x, depends_on: { job: { ${completed} } } }`,
        `last: { image: x, depends_on: { second: { ${completed} }, web: { condition: service_healthy } } }`,
      ],
      jobs: `${job}, second: { when: before }, last: { when: after }`,
    },
  ])('allow $name', ({ services, jobs }) => {
    expect(complaints(manifest(services, jobs))).toEqual([]);
  });

  it('do not let a job before wait for a service that it would like to be there', () => {
    const text = manifest(
      ['job: { image: x, depends_on: { web: { condition: service_started, required: false } } }'],
      job,
    );

    expect(complaints(text)).toEqual([
      'warning 3:34 ignored-value: job "job" does not wait for service "web", which starts only after it',
    ]);
    expect(loadApplication(text).services[0]?.dependsOn).toEqual([]);
  });
});
