import { describe, expect, it } from 'vitest';

import { loadFiles, loadWeb } from '../../support/load-files.ts';

describe('resolveService() reads what a slot needs of its host', () => {
  it.each<[string, readonly string[], { readonly cpus?: number; readonly memory?: number | null }]>(
    [
      [
        'CPUs',
        ['deploy: { resources: { reservations: { cpus: "0.25" } } }'],
        { cpus: 250_000_000 },
      ],
      ['no CPUs', ['deploy: { resources: { reservations: { cpus: 0 } } }'], {}],
      ['memory', ['deploy: { resources: { reservations: { memory: 1g } } }'], { memory: 2 ** 30 }],
      ['memory by its older key', ['mem_reservation: 64m'], { memory: 2 ** 26 }],
    ],
  )('%s', (_name, lines, { cpus, memory = null }) => {
    const { reservedNanoCpus, container } = loadWeb(lines);

    expect(reservedNanoCpus).toBe(cpus);
    expect(container.resources.memoryReservationBytes).toBe(memory);
  });

  it('and reserved CPUs change no hash', () => {
    const reserving = loadWeb(['deploy: { resources: { reservations: { cpus: 2 } } }']);

    expect(reserving.hash).toBe(loadWeb().hash);
  });

  it.each([
    ['2', 2],
    ['"2"', 2],
    ['0', undefined],
  ])('max_replicas_per_node: %s as %s', (written, bound) => {
    const lines = [`deploy: { placement: { max_replicas_per_node: ${written} } }`];

    expect(loadWeb(lines).maxPerHost).toBe(bound);
  });

  it('what to spread over, in the order written', () => {
    const lines = [
      'deploy: { placement: { preferences: [{ spread: node.labels.Zone }, { spread: engine.labels.rack }] } }',
    ];

    expect(loadWeb(lines).spread).toEqual(['node.labels.Zone', 'engine.labels.rack']);
    expect(loadWeb(lines).hash).toBe(loadWeb().hash);
    expect(loadWeb()).not.toHaveProperty('spread');
  });

  it.each(['node.hostname', 'zone', 'node.labels.'])('refuses to spread over %s', (key) => {
    const text = `services: { web: { image: nginx, deploy: { placement: { preferences: [{ spread: ${key} }] } } } }`;
    const { diagnostics } = loadFiles({ 'shop/compose.yaml': text });

    expect(diagnostics.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      `services.web.deploy.placement.preferences.0.spread: "${key}" is nothing to spread over: expected node.labels.NAME or engine.labels.NAME`,
    ]);
  });
});

/** A fleet of one host with some more keys. */
function withHost(lines: string): ReturnType<typeof loadFiles> {
  const text = `name: prod\nhosts: [{ name: a, endpoint: "unix:///run/a.sock"${lines} }]\n`;
  return loadFiles({ 'fleet.yaml': text });
}

describe('resolveFleet() reads what a host has', () => {
  it('as far as it is written', () => {
    const fleet = withHost(', capacity: { cpus: 4, memory: 8g }, reserve: { memory: 512m }').fleet;

    expect(fleet?.hosts[0]?.capacity).toEqual({ nanoCpus: 4e9, memoryBytes: 2 ** 33 });
    expect(fleet?.hosts[0]?.reserve).toEqual({ memoryBytes: 2 ** 29 });
    expect(withHost('').fleet?.hosts[0]).not.toHaveProperty('capacity');
  });

  it('and refuses what is no amount', () => {
    const { diagnostics } = withHost(
      ', capacity: { cpus: many }, reserve: { memory: 1x, disk: 1g }',
    );

    expect(diagnostics.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'hosts.0.capacity.cpus invalid-value',
      'hosts.0.reserve.memory invalid-value',
      'hosts.0.reserve.disk unknown-key',
    ]);
  });
});
