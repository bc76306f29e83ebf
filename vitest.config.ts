import { defineConfig } from 'vitest/config';

import { MeasuredSequencer } from './test/support/measured-sequencer.ts';
import { scratchFolder } from './test/support/scratch-folder.ts';

/** Whatever becomes of a run, one folder holds all that it leaves. */
const scratch = {
  env: { TMPDIR: scratchFolder(process.pid) },
  globalSetup: ['test/support/scratch-setup.ts'],
};

const realEngines = {
  ...scratch,
  globalSetup: ['test/support/engine-setup.ts', ...scratch.globalSetup],
  fileParallelism: false,
  testTimeout: 240_000,
  hookTimeout: 240_000,
};

export default defineConfig({
  test: {
    // More than there are cores, since many tests wait for a server; those with real engines run one by one all the same.
    maxWorkers: '150%',
    sequence: { sequencer: MeasuredSequencer },
    projects: [
      {
        test: {
          ...scratch,
          name: 'unit',
          include: [
            'test/unit/**/*.test.ts',
            'test/property/**/*.test.ts',
            'test/golden/**/*.test.ts',
            'test/contract/simulated*.test.ts',
          ],
          setupFiles: ['test/support/property-seed.ts'],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...scratch,
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          ...scratch,
          name: 'web',
          include: ['test/web/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts', 'test/contract/engine.test.ts'],
          ...realEngines,
        },
      },
      {
        test: {
          name: 'engine-26',
          include: [
            'test/engine-26/**/*.test.ts',
            'test/engine/{daemon-defaults,files,key-lives,keys}.test.ts',
            'test/contract/engine.test.ts',
          ],
          ...realEngines,
        },
      },
    ],
  },
});
