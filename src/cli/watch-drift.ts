import type { Logger } from 'pino';

import type { DriftReport } from '../generated/drift.ts';
import type { Revision } from '../model/revision.ts';
import { authorKey } from '../report/drift-document.ts';
import { renderDrift } from '../report/render-drift.ts';
import type { DriftFlags } from './drift-report.ts';
import { authorsIn, reportDrift } from './drift-report.ts';
import { openRepository } from './live.ts';
import type { Settings } from './settings.ts';
import type { Watched } from './watch-fleet.ts';

/** `fleetwright drift --watch`. The repository is opened only for lines whose author is not known yet. */
export function watchedDrift(
  settings: Settings,
  flags: DriftFlags,
  logger: Logger,
): Watched<DriftReport> {
  const known = new Map<string, Revision>();
  return {
    look: (seen, signal) =>
      reportDrift(
        seen,
        flags,
        async (items) => {
          const unknown = items.filter((item) => {
            const key = authorKey(item);
            return key !== null && !known.has(key);
          });
          if (unknown.length === 0) return known;
          await using source = await openRepository(settings, logger, 'command');
          return await authorsIn(source, known)(unknown, signal);
        },
        signal,
      ),
    render: renderDrift,
    // What nobody has recorded yet is there since now, at each look.
    times: ['generatedAt', 'firstSeen'],
  };
}
