import { expect, it } from 'vitest';

import { parseStat, processName } from '../../../src/sandbox/processes.ts';

const stat = (state: string, threads: number): string =>
  `7 (a) b) ${state} 1 7 7 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 ${threads} 0 4711 0 0`;

it.each([
  { state: 'S', threads: 12, gone: false },
  { state: 'Z', threads: 5, gone: false },
  { state: 'Z', threads: 1, gone: true },
  { state: 'Z', threads: 0, gone: true },
  { state: 'X', threads: 0, gone: true },
])('a process in state $state with $threads threads is gone: $gone', ({ state, threads, gone }) => {
  expect(parseStat(stat(state, threads))).toEqual(gone ? null : { name: 'a) b', start: '4711' });
});

it('reads the name of a process that runs', () => {
  expect(processName(process.pid)).toBeTruthy();
  expect(processName(2 ** 22 + 1)).toBeNull();
});
