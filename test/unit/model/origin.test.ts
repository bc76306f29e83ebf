import { describe, expect, it } from 'vitest';

import { originOf, packOrigins } from '../../../src/model/origin.ts';

function at(line: number): { file: string; line: number; column: number } {
  return { file: 'compose.yaml', line, column: 1 };
}

const strange = 'environment.A\n\t"\\';
const origins = packOrigins(
  new Map([
    ['', at(1)],
    ['deploy', at(5)],
    ['deploy.replicas', at(6)],
    ['image', at(2)],
    [strange, { ...at(7), file: 'other.env' }],
  ]),
);

describe('originOf()', () => {
  it.each([
    ['deploy.replicas', 6],
    ['deploy.update_config.order', 5],
    ['image', 2],
    ['command', 1],
    ['', 1],
    ['constructor', 1],
  ])('explains "%s" by line %i', (path, line) => {
    expect(originOf(origins, path)).toEqual(at(line));
  });

  it('finds any key in any file', () => {
    expect(originOf(origins, strange)).toEqual({ ...at(7), file: 'other.env' });
    expect(originOf(origins, 'replicas')).toEqual(at(1));
  });

  it('has none where nothing around it has one', () => {
    expect(originOf(packOrigins(new Map([['image', at(2)]])), 'command.0')).toBeUndefined();
  });
});
