import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import { noOrigins, originAt } from '../../../src/model/origin.ts';
import { formatProblem, loadApplication, loadFiles } from '../../support/load-files.ts';

function servicesOf(lines: readonly string[], after = ''): ReadonlyMap<string, ServiceSpec> {
  const own = lines.map((line) => `    ${line}\n`).join('');
  const { services } = loadApplication(`services:\n  web:\n    image: nginx\n${own}${after}`);
  return new Map(services.map((service) => [service.name, service]));
}

function complaints(lines: readonly string[], after = ''): readonly string[] {
  const own = lines.map((line) => `    ${line}\n`).join('');
  const manifest = `services:\n  web:\n    image: nginx\n${own}${after}`;
  return loadFiles({ 'shop/compose.yaml': manifest }).diagnostics.map((each) =>
    formatProblem(each).replace('shop/compose.yaml:', ''),
  );
}

function hashesOf(lines: readonly string[], after = ''): Readonly<Record<string, string>> {
  return Object.fromEntries([...servicesOf(lines, after)].map(([name, { hash }]) => [name, hash]));
}

const one = 'pre_start: [{ command: migrate }]';

describe('pre_start', () => {
  it('are jobs of their service, each after the one before it', () => {
    const services = servicesOf(
      ['pre_start: [{ command: a b }, { image: tool, command: [c] }]', 'depends_on: [db]'],
      '  db: { image: postgres }\n',
    );

    expect([...services.keys()]).toEqual(['db', 'web', 'web-pre-start-1', 'web-pre-start-2']);
    const completed = { condition: 'completed', required: true };
    const db = { service: 'db', condition: 'started', required: true };
    expect(services.get('web-pre-start-1')).toMatchObject({
      job: { when: 'before', of: 'web' },
      dependsOn: [db],
      replicas: 1,
      container: { image: 'nginx', command: ['a', 'b'], restart: { name: 'no' } },
      gate: { healthyDeadlineMs: 600_000 },
    });
    expect(services.get('web-pre-start-2')).toMatchObject({
      job: { when: 'before', of: 'web' },
      dependsOn: [db, { service: 'web-pre-start-1', ...completed }],
      container: { image: 'tool', command: ['c'] },
    });
    expect(services.get('web')).toMatchObject({
      job: null,
      dependsOn: [db, { service: 'web-pre-start-2', ...completed }],
    });
  });

  it('have what their service has, without what it is reached by', () => {
    const services = servicesOf(
      [
        'command: serve',
        'entrypoint: [/init]',
        'user: "1000"',
        'working_dir: /srv',
        'environment: { A: 1, B: 1 }',
        'labels: { route: web }',
        'ports: ["80:80"]',
        'container_name: front',
        'hostname: front',
        'healthcheck: { test: ready }',
        'volumes: [data:/data]',
        'cap_drop: [ALL]',
        'networks: { back: { aliases: [www], ipv4_address: 10.9.0.7 } }',
        'restart: always',
        'post_start: [{ command: x }]',
        'deploy: { update_config: { order: stop-first, failure_action: pause }, resources: { limits: { memory: 64m } }, placement: { constraints: [node.labels.a == b] } }',
        'pre_start: [{ command: migrate, environment: [B=2, C=3] }]',
      ],
      'volumes: { data: }\nnetworks: { back: { ipam: { config: [{ subnet: 10.9.0.0/24 }] } } }\n',
    );

    const hook = services.get('web-pre-start-1');
    const container = hook?.container;
    expect(container).toMatchObject({
      command: ['migrate'],
      entrypoint: null,
      user: '1000',
      workingDir: '/srv',
      environment: { A: '1', B: '2', C: '3' },
      labels: {},
      ports: [],
      hostname: null,
      healthcheck: null,
      mounts: [{ source: 'shop_data', target: '/data' }],
      capDrop: ['ALL'],
      resources: { memoryBytes: 67_108_864 },
    });
    expect(container?.networks).toEqual([{ network: 'shop_back', aliases: ['web-pre-start-1'] }]);
    expect(hook).toMatchObject({
      update: { failureAction: 'pause' },
      constraints: [{ text: 'node.labels.a == b' }],
    });
    expect(hook?.containerName).toBeUndefined();
    expect(hook?.hooks).toBeUndefined();
  });

  it('of another image have its user, and may run what it runs', () => {
    const services = servicesOf(['user: "1000"', 'pre_start: [{ image: tool }]']);

    expect(services.get('web-pre-start-1')?.container).toMatchObject({
      image: 'tool',
      command: null,
      user: null,
    });
  });

  it('stand where they are written', () => {
    const hook = servicesOf(['pre_start:', '  - command: migrate']).get('web-pre-start-1');

    expect(originAt(hook?.origins ?? noOrigins, '')).toMatchObject({ line: 5 });
    expect(originAt(hook?.origins ?? noOrigins, 'command')).toMatchObject({ line: 5 });
    expect(originAt(hook?.origins ?? noOrigins, 'image')).toMatchObject({ line: 3 });
  });

  it.each([
    ['another hook', ['pre_start: [{ command: other }]']],
    ['one more hook', ['pre_start: [{ command: migrate }, { command: b }]']],
    ['another user of the service', ['user: "7"', one]],
    ['another command of the service', ['command: serve', one]],
  ])('run again, and make another version of their service, with %s', (_name, lines) => {
    const before = hashesOf([one]);
    const after = hashesOf(lines);

    expect(after['web']).not.toBe(before['web']);
    expect(after['web-pre-start-1']).not.toBe(before['web-pre-start-1']);
  });

  it.each([
    ['more replicas', [one, 'scale: 3'], ''],
    ['another service', [one], '  db: { image: postgres }\n'],
  ])('do not run again with %s', (_name, lines, after) => {
    expect(hashesOf(lines, after)).toMatchObject(hashesOf([one]));
  });

  it('are left out with their service', () => {
    const services = servicesOf([one, 'profiles: [debug]'], '  db: { image: postgres }\n');

    expect([...services.keys()]).toEqual(['db']);
  });

  it('an empty list is none', () => {
    expect(hashesOf(['pre_start: []'])).toEqual(hashesOf([]));
  });

  it.each([
    [
      ['pre_start: [{ user: root }]'],
      '',
      '4:17 missing-key: a pre_start hook without "image" needs a "command": the image is that of the service',
    ],
    [
      ['pre_start: [{ command: a, per_replica: true }]'],
      '',
      '4:44 unsupported-value: "per_replica: true" is not supported: a hook runs once for all instances',
    ],
    [
      [one],
      '  web-pre-start-1: { image: x }\n',
      '4:5 duplicate-service: service "web" has a pre_start hook that is run as service "web-pre-start-1", and there is another one of that name',
    ],
    [
      [one, 'volumes: [nope:/data]'],
      '',
      '5:15 undefined-volume: service "web" refers to the undefined volume "nope"',
    ],
    [['pre_start: [{ command: a, volumes: [] }]'], '', '4:31 unknown-key: unknown key "volumes"'],
    [
      [one],
      '  db: { image: postgres }\nx-fleetwright: { jobs: { web: { when: before } } }\n',
      '4:5 conflicting-keys: job "web" cannot have "pre_start"',
    ],
    [
      [one, 'network_mode: "service:db"'],
      '  db: { image: postgres }\n',
      '5:19 conflicting-keys: service "web-pre-start-1" cannot share with "db": "web-pre-start-1" is a job, which ends',
    ],
  ])('refuses %j %s', (lines, after, expected) => {
    expect(complaints(lines, after)).toEqual([expect.stringContaining(expected)]);
  });
});
