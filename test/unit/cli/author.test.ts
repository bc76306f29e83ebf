import { hostname } from 'node:os';

import { describe, expect, it } from 'vitest';

import { readAuthor } from '../../../src/cli/author.ts';
import { UsageError } from '../../../src/model/errors.ts';

describe('readAuthor()', () => {
  const environment = { FLEETWRIGHT_AUTHOR: 'Robot <robot@example.com>' };

  it('takes the option, then the environment, then this host', () => {
    expect(readAuthor('Ada <ada@example.com>', environment)).toBe('Ada <ada@example.com>');
    expect(readAuthor(undefined, environment)).toBe('Robot <robot@example.com>');
    expect(readAuthor(undefined, {})).toBe(`fleetwright <fleetwright@${hostname()}>`);
  });

  it.each([
    'Ada',
    'ada@example.com',
    '<ada@example.com>',
    'Ada <ada@example.com> x',
    'Ada <>',
    'Ada <a b@c>',
    'Ada\ncommitter Eve <eve@example.com>',
    '',
  ])('refuses %j', (text) => {
    expect(() => readAuthor(text, environment)).toThrow(UsageError);
  });
});
