import { describe, expect, it } from 'vitest';

import { settingPaths } from '../../../src/drift/compare-settings.ts';
import { expiredRules, ignoringRule } from '../../../src/drift/ignore.ts';
import { canTakeIn, driftPaths, neverIgnored } from '../../../src/model/drift-paths.ts';
import { aDesiredState, anApplication, anIgnoreRule } from '../../support/builders.ts';

const place = { application: 'shop', service: 'web', host: 'eu-1' };

describe('ignoringRule()', () => {
  it.each([
    [{}, true],
    [{ application: 'sh*' }, true],
    [{ application: 'blog' }, false],
    [{ service: 'w?b' }, true],
    [{ service: 'db' }, false],
    [{ host: 'eu-*' }, true],
    [{ host: 'us-*' }, false],
    [{ path: 'environment' }, true],
    [{ path: 'environment.*' }, true],
    [{ path: 'environment.HTTP_PROXY' }, true],
    [{ path: 'environment.HTTP' }, false],
    [{ path: '*_PROXY' }, true],
    [{ path: 'labels.*' }, false],
    [{ until: 1_000 }, false],
    [{ until: 1_001 }, true],
  ])('a rule with %j takes it in: %s', (facts, expected) => {
    const rule = anIgnoreRule({ path: 'environment.*', ...facts });

    const found = ignoringRule([rule], place, 'environment.HTTP_PROXY', 1_000);

    expect(found).toBe(expected ? rule : null);
  });

  it.each(Object.keys(neverIgnored))('never takes in %s', (path) => {
    expect(ignoringRule([anIgnoreRule({ path: '*' })], place, path, 0)).toBeNull();
  });
});

describe('driftPaths', () => {
  it('has those of all settings', () => {
    expect(settingPaths.filter((path) => !driftPaths.includes(path))).toEqual([]);
  });

  it.each(['deploy', 'deploy.resources', 'environment.A', 'labels.com.example.a', '*', 'health*'])(
    'has something that %s takes in',
    (path) => {
      expect(canTakeIn(path)).toBe(true);
    },
  );

  it.each(['deploy.replicas', 'enviroment.A', 'state', 'image.tag', 'x*'])(
    'has nothing that %s takes in',
    (path) => {
      expect(canTakeIn(path)).toBe(false);
    },
  );
});

describe('expiredRules()', () => {
  it('lists those that have ended, of the fleet and of its applications', () => {
    const ended = anIgnoreRule({ until: 5 });
    const own = anIgnoreRule({ until: 6, path: 'user' });
    const shop = anApplication([], { driftIgnore: [own, anIgnoreRule({ until: 7 })] });
    const desired = aDesiredState([shop], ['host-1']);
    const fleet = { ...desired.fleet, driftIgnore: [ended, anIgnoreRule()] };

    expect(expiredRules({ ...desired, fleet }, 6)).toEqual([ended, own]);
  });
});
