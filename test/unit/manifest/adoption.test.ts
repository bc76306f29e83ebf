import { describe, expect, it } from 'vitest';

import { loadApplication, loadFiles } from '../../support/load-files.ts';

const services = 'services: { web: { image: nginx }, db: { image: postgres } }\n';

describe('x-fleetwright.adopt', () => {
  it('is absent where nothing is to be adopted', () => {
    expect(loadApplication(services).adopt).toBeUndefined();
  });

  it('names a Compose project, containers by service and a host, and changes no hash', () => {
    const manifest = `${services}x-fleetwright:
  adopt: { composeProject: old, containers: { db: [pg] }, host: host-1 }
`;
    const { adopt, services: found } = loadApplication(manifest);

    expect(adopt).toMatchObject({
      composeProject: 'old',
      containers: { db: ['pg'] },
      host: 'host-1',
      origin: { line: 3, column: 3 },
    });
    expect(found.map(({ hash }) => hash)).toEqual(
      loadApplication(services).services.map(({ hash }) => hash),
    );
  });

  it.each([
    ['{}', 'missing-key', 'names nothing'],
    ['{ host: h }', 'missing-key', 'names nothing'],
    ['{ containers: { wep: [a] } }', 'undefined-service', 'did you mean "web"'],
    ['{ containers: { web: [a], db: [a] } }', 'conflicting-keys', 'named twice'],
    ['{ containers: { web: [] } }', 'invalid-value', ''],
  ])('refuses %s', (adopt, code, message) => {
    const manifest = `${services}x-fleetwright: { adopt: ${adopt} }\n`;
    const { diagnostics } = loadFiles({ 'shop/compose.yaml': manifest });

    expect(diagnostics).toMatchObject([{ code, severity: 'error', line: 2 }]);
    expect(diagnostics[0]?.message).toContain(message);
  });
});
