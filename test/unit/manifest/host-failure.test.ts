import { describe, expect, it } from 'vitest';

import type { FleetSpec } from '../../../src/model/fleet.ts';
import { formatProblem, loadFiles, loadWeb } from '../../support/load-files.ts';

function load(fleet: string): { readonly spec: FleetSpec | null; readonly problems: string[] } {
  const files = { 'fleet.yaml': `name: f\n${fleet}\n` };
  const { fleet: spec, diagnostics } = loadFiles(files);
  return { spec, problems: diagnostics.map(formatProblem) };
}

const host = 'name: eu-1, endpoint: "unix:///a"';

describe('fleet.yaml', () => {
  it('has hosts that are open by default, and lost after five minutes', () => {
    const { spec } = load(`hosts: [{ ${host} }]`);

    expect(spec?.hosts[0]).toMatchObject({ cordon: false, drain: false });
    expect(spec?.failure).toEqual({ lostAfterMs: 300_000 });
  });

  it('cordons and drains hosts', () => {
    const { spec } = load(`hosts: [{ ${host}, cordon: true, drain: true }]`);

    expect(spec?.hosts[0]).toMatchObject({ cordon: true, drain: true });
  });

  it('says after what time a host is lost', () => {
    const { spec } = load(`hosts: [{ ${host} }]\nfailure: { lostAfter: 90s }`);

    expect(spec?.failure).toEqual({ lostAfterMs: 90_000 });
  });

  it('takes no time that a busy host may be silent for', () => {
    const { problems } = load(`hosts: [{ ${host} }]\nfailure: { lostAfter: 500ms }`);

    expect(problems).toEqual([expect.stringMatching(/^fleet\.yaml:3:.*must be 1s or longer/)]);
  });

  it('takes no other word for a drain', () => {
    const { problems } = load(`hosts: [{ ${host}, drain: soon }]`);

    expect(problems).toEqual([expect.stringMatching(/^fleet\.yaml:2:.*true or false|boolean/)]);
  });
});

describe('x-fleetwright.replaceAfter', () => {
  it('is left to what a service is, and changes no hash', () => {
    const service = loadWeb(['x-fleetwright: { replaceAfter: 2m }']);

    expect(loadWeb().replaceAfterMs).toBeUndefined();
    expect(service.replaceAfterMs).toBe(120_000);
    expect(service.hash).toBe(loadWeb().hash);
  });

  it('may be never', () => {
    expect(loadWeb(['x-fleetwright: { replaceAfter: never }']).replaceAfterMs).toBeNull();
  });

  it('is that of the application where a service does not say it', () => {
    const { applications } = loadFiles({
      'shop/compose.yaml': [
        'x-fleetwright: { replaceAfter: 10m }',
        'services:',
        '  api: { image: nginx }',
        '  web: { image: nginx, x-fleetwright: { replaceAfter: never } }',
      ].join('\n'),
    });

    expect(applications[0]?.services.map(({ replaceAfterMs }) => replaceAfterMs)).toEqual([
      600_000,
      null,
    ]);
  });

  it('refuses another word', () => {
    const manifest =
      'services: { web: { image: nginx, x-fleetwright: { replaceAfter: sometimes } } }';
    const [problem] = loadFiles({ 'shop/compose.yaml': manifest }).diagnostics;

    expect(problem && formatProblem(problem)).toMatch(/^shop\/compose\.yaml:1:\d+ .*"sometimes"/);
  });
});
