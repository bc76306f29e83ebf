import type { Status } from '../generated/status.ts';
import { renderStatus } from '../report/render-status.ts';
import { statusDocument } from '../report/status-document.ts';
import type { Watched } from './watch-fleet.ts';

/** `fleetwright status --watch`. */
export const watchedStatus: Watched<Status> = {
  look: ({ world, decision, journal }) =>
    Promise.resolve(
      statusDocument({
        revision: world.desired.revision,
        rejected: journal.rejected(),
        receivers: journal.receivers(),
        decision,
        observations: world.observations.values(),
        steps: 0,
        durationMs: 0,
        now: world.now,
      }),
    ),
  render: renderStatus,
  times: ['generatedAt', 'until', 'progressDeadlineAt'],
};
