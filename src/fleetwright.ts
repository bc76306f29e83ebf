#!/usr/bin/env node
import { main } from './cli/program.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stop.abort();
    // A second one does not wait for the steps under way.
    process.once(signal, () => process.exit(130));
  });
}
process.exitCode = await main(process.argv.slice(2), stop.signal);
