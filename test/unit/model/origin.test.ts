import { describe, expect, it } from 'vitest';

import { originOf } from '../../../src/model/origin.ts';

function at(line: number): { file: string; line: number; column: number } {
  return { file: 'compose.yaml', line, column: 1 };
}

const origins = { '': at(1), deploy: at(5), 'deploy.replicas': at(6), image: at(2) };

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

  it('has none where nothing around it has one', () => {
    expect(originOf({ image: at(2) }, 'command.0')).toBeUndefined();
  });
});
