import { describe, expect, test } from 'vitest';

import { namedScenarios } from './named-scenarios.ts';
import type { CrashFailure, CrashVariant } from './sweep.ts';
import { sweepCrashes } from './sweep.ts';

const variants: Readonly<Record<string, CrashVariant>> = {
  'is killed': { losesJournal: false, takesHost: false, stride: 1 },
  'is killed and loses its journal': { losesJournal: true, takesHost: false, stride: 3 },
  'and the host die together': { losesJournal: false, takesHost: true, stride: 3 },
};

describe.each(Object.entries(variants))('the operator %s', (_name, variant) => {
  const scenarios = namedScenarios.filter(
    ({ needsJournal }) => needsJournal === undefined || !variant.losesJournal,
  );

  test.each(scenarios)('after each effect of: $name', async (named) => {
    const { effects, crashes, failures } = await sweepCrashes(named, variant);

    expect(crashes).toBe(Math.ceil(effects / variant.stride));
    expect(crashes).toBeGreaterThan(4);
    expect(failures.map((failure) => describeFailure(named.name, failure)).join('\n\n')).toBe('');
  });
});

/** How many of the last events of a run are shown. */
const shownEvents = 30;

function describeFailure(name: string, { after, run }: CrashFailure): string {
  const trace = run.trace.slice(-shownEvents).join('\n');
  return `"${name}", after effect ${after}: ${run.violation ?? ''}\n${trace}`;
}
