import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles } from '../../support/load-files.ts';

const fleet = {
  'fleet.yaml':
    'name: f\nhosts: [{ name: eu-1, endpoint: "tcp://192.0.2.11:2376" }]\nprometheus: { url: "http://192.0.2.1:9090" }\n',
};
const canary = 'strategy: canary, steps: [{ replicas: 1 }]';
const errors = '{ name: errors, query: sum(errors), pass: "< 0.01" }';

function loadWith(rollout: string, files: Readonly<Record<string, string>> = fleet) {
  const manifest = `services:\n  web:\n    image: nginx\n    x-fleetwright: { rollout: { ${rollout} } }\n`;
  return loadFiles({ ...files, 'shop/compose.yaml': manifest });
}

function problems(analysis: string): readonly string[] {
  const { diagnostics } = loadWith(`${canary}, analysis: ${analysis}`);
  return diagnostics.map((each) => formatProblem(each).replace('shop/compose.yaml:', ''));
}

describe('x-fleetwright.rollout.analysis', () => {
  it('is asked every 30 s and takes no failure where no more is said', () => {
    const { applications, diagnostics } = loadWith(
      `${canary}, analysis: { queries: [${errors}, { name: p99 latency, query: max(x), pass: <=0.5, fail: ">  2" }] }`,
    );

    expect(diagnostics).toEqual([]);
    expect(applications[0]?.services[0]?.rollout.analysis).toEqual({
      intervalMs: 30_000,
      failureLimit: 0,
      queries: [
        {
          name: 'errors',
          query: 'sum(errors)',
          pass: { operator: '<', number: 0.01 },
          fail: null,
        },
        {
          name: 'p99 latency',
          query: 'max(x)',
          pass: { operator: '<=', number: 0.5 },
          fail: { operator: '>', number: 2 },
        },
      ],
    });
  });

  it('holds for all services where the application says it, and is said once when it is wrong', () => {
    const own = `x-fleetwright: { rollout: { ${canary}, analysis: { queries: [{ name: a, query: b, pass: low }] } } }`;
    const manifest = `services: { api: { image: x }, web: { image: x } }\n${own}\n`;

    expect(
      loadFiles({ ...fleet, 'shop/compose.yaml': manifest }).diagnostics.map(formatProblem),
    ).toEqual([
      expect.stringMatching(/^shop\/compose.yaml:2:122 invalid-value: "low" is no comparison/),
    ]);
  });

  it.each([
    ['{ queries: [] }', /"queries" must/],
    ['{ interval: 5s }', /must have the key "queries"/],
    ['{ queries: [{ name: a, query: b }] }', /must have the key "pass"/],
    ['{ queries: [{ name: "", query: b, pass: < 1 }] }', /"name" must/],
    ['{ queries: [{ name: a, query: b, pass: "== 1" }] }', /"== 1" is no comparison: expected </],
    ['{ queries: [{ name: a, query: b, pass: "< 1e9" }] }', /"< 1e9" is no comparison/],
    [
      `{ queries: [${errors}, ${errors}] }`,
      /^4:\d+ duplicate-name: two queries are named "errors"/,
    ],
    [`{ queries: [${errors}], interval: 0s }`, /"interval" must be at least 1s/],
    [`{ queries: [${errors}], failureLimit: -1 }`, /"failureLimit" must/],
  ])('%s is refused', (analysis, problem) => {
    expect(problems(analysis)).toEqual([expect.stringMatching(problem)]);
  });

  it('needs canaries, or green beside blue', () => {
    const { diagnostics } = loadWith(`analysis: { queries: [${errors}] }`);

    expect(diagnostics.map(formatProblem)).toEqual([
      expect.stringMatching(/"analysis" needs the strategy canary or blue-green/),
    ]);
    expect(
      loadWith(`strategy: blue-green, analysis: { queries: [${errors}] }`).diagnostics,
    ).toEqual([]);
  });

  it('needs somebody who can be asked', () => {
    const alone = { 'fleet.yaml': fleet['fleet.yaml'].split('prometheus')[0] ?? '' };
    const { diagnostics } = loadWith(`${canary}, analysis: { queries: [${errors}] }`, alone);

    expect(diagnostics.map(formatProblem)).toEqual([
      expect.stringMatching(
        /^shop\/compose.yaml:4:\d+ no-prometheus: service "web" goes by a query/,
      ),
    ]);
  });
});
