import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/fleetwright.js', import.meta.url), 0o755);
