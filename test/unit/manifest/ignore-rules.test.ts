import { describe, expect, it } from 'vitest';

import { parseMoment } from '../../../src/manifest/scalars/moment.ts';
import { formatProblem, loadApplication, loadFiles } from '../../support/load-files.ts';

const web = 'services:\n  web:\n    image: nginx\n';

function inManifest(rule: string): string {
  return `${web}x-fleetwright:\n  drift:\n    ignore:\n      - { reason: r, ${rule} }\n`;
}

function inFleet(rule: string): string {
  const hosts = 'hosts: [{ name: eu-1, endpoint: "unix:///a" }]';
  return `name: f\n${hosts}\ndrift:\n  ignore:\n    - { reason: r, ${rule} }\n`;
}

function problems(files: Readonly<Record<string, string>>): readonly string[] {
  return loadFiles(files).diagnostics.map((each) => `${each.severity} ${formatProblem(each)}`);
}

describe('x-fleetwright.drift.ignore', () => {
  it('is read from the application and from a service, with where it stands', () => {
    const manifest = `services:
  web:
    image: nginx
    x-fleetwright:
      drift:
        ignore:
          - path: environment.HTTP_PROXY
            reason: the site sets it
x-fleetwright:
  drift:
    ignore:
      - { path: deploy.resources, reason: under watch, until: 2027-01-31 }
`;

    const { driftIgnore } = loadApplication(manifest);

    expect(driftIgnore).toEqual([
      {
        application: 'shop',
        service: '*',
        host: '*',
        path: 'deploy.resources',
        reason: 'under watch',
        until: Date.UTC(2027, 1, 1),
        origin: { file: 'shop/compose.yaml', line: 12, column: 9 },
      },
      {
        application: 'shop',
        service: 'web',
        host: '*',
        path: 'environment.HTTP_PROXY',
        reason: 'the site sets it',
        until: null,
        origin: { file: 'shop/compose.yaml', line: 7, column: 13 },
      },
    ]);
  });

  it('changes no hash', () => {
    const [plain] = loadApplication(web).services;
    const [ignoring] = loadApplication(inManifest('path: user')).services;

    expect(ignoring?.hash).toBe(plain?.hash);
  });

  it.each([
    ['path: enviroment.A', 'unknown-path', 'did you mean "environment.A"?'],
    ['path: mem_limit', 'unknown-path', 'did you mean "deploy.resources.limits.memory"?'],
    ['path: deploy.resources.limits.memry', 'unknown-path', 'limits.memory"?'],
    ['path: replicas', 'unknown-path', 'no drift is ever reported at "replicas"'],
    ['path: restart', 'cannot-ignore', 'mark of promotion'],
    ['path: state', 'cannot-ignore', 'suspend the application instead'],
    ['path: user, until: tomorrow', 'invalid-value', 'expected ISO 8601'],
    ['path: user, until: 2027-02-30', 'invalid-value', '"2027-02-30" is not a date'],
  ])('refuses { %s } as %s', (rule, code, words) => {
    const [problem = ''] = problems({ 'shop/compose.yaml': inManifest(rule) });

    expect(problem).toMatch(/^error shop\/compose\.yaml:\d+:\d+ /);
    expect(problem).toContain(code);
    expect(problem).toContain(words);
  });

  it.each(['{ path: user }', '{ path: user, reason: " " }'])('asks for a reason: %s', (rule) => {
    const manifest = `${web}x-fleetwright: { drift: { ignore: [${rule}] } }\n`;

    expect(problems({ 'shop/compose.yaml': manifest }).join()).toContain('reason');
  });
});

describe('drift.ignore of fleet.yaml', () => {
  it('is read with its patterns', () => {
    const rule = 'application: sh*, service: web, host: eu-*, path: "labels.*"';
    const files = { 'fleet.yaml': inFleet(rule), 'shop/compose.yaml': web };

    expect(problems(files)).toEqual([]);
    expect(loadFiles(files).fleet?.driftIgnore).toMatchObject([
      { application: 'sh*', service: 'web', host: 'eu-*', path: 'labels.*', until: null },
    ]);
  });

  it.each([
    ['application: shoop, path: user', 'unknown-application', 'did you mean "shop"?'],
    ['service: wep, path: user', 'unknown-service', 'did you mean "web"?'],
    ['host: eu-9, path: user', 'unknown-host', 'did you mean "eu-1"?'],
  ])('warns of { %s }', (rule, code, words) => {
    const [problem = '', ...others] = problems({
      'fleet.yaml': inFleet(rule),
      'shop/compose.yaml': web,
    });

    expect(others).toEqual([]);
    expect(problem).toMatch(/^warning fleet\.yaml:5:\d+ /);
    expect(problem).toContain(code);
    expect(problem).toContain(words);
  });

  it('refuses a path that cannot exist', () => {
    const files = { 'fleet.yaml': inFleet('path: imge'), 'shop/compose.yaml': web };

    expect(problems(files)).toEqual([expect.stringContaining('did you mean "image"?')]);
  });
});

describe('parseMoment()', () => {
  it.each([
    ['2027-01-31', Date.UTC(2027, 1, 1)],
    ['2027-01-31T18:00Z', Date.UTC(2027, 0, 31, 18)],
    ['2027-01-31T18:00', Date.UTC(2027, 0, 31, 18)],
    ['2027-01-31 18:00:05.5+02:00', Date.UTC(2027, 0, 31, 16, 0, 5)],
    ['2024-02-29T23:59:59-01:30', Date.UTC(2024, 2, 1, 1, 29, 59)],
  ])('reads %s', (text, expected) => {
    expect(parseMoment(text)).toEqual({ ok: true, value: expected });
  });

  it.each(['', '2027', '2027-13-01', '2027-01-31T24:00', '2027-01-31T10:00+2'])(
    'refuses %j',
    (text) => {
      expect(parseMoment(text).ok).toBe(false);
    },
  );
});
