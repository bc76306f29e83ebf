import type { Logger } from 'pino';

import { FleetClaims } from '../reconcile/fleet-claims.ts';
import { formatListenAddress } from '../server/listen-address.ts';
import { openWebhookServer } from '../server/webhook-server.ts';
import { readSecret } from '../secrets/credential-file.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { runSource } from './run-source.ts';
import type { Settings } from './settings.ts';

/**
 * `fleetwright run`: the daemon. It follows its sources and keeps their fleets as the commits ask, until it is stopped.
 * Sources share the process, the webhooks and nothing else.
 *
 * @param sources at least one
 */
export async function run(
  sources: readonly Settings[],
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  const webhooks = sources[0]?.webhooks ?? null;
  const hints = new Set<() => void>();
  await using server =
    webhooks === null
      ? null
      : await openWebhookServer({
          listen: webhooks.listen,
          readSecret: () => readSecret(webhooks.secretFile, 'webhook secret file'),
          logger,
          onHint: () => {
            for (const hint of hints) hint();
          },
        });
  if (server !== null) {
    logger.info({ listen: formatListenAddress(server.address) }, 'listening for webhooks');
  }
  const claims = new FleetClaims(sources.map(nameOf));
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const ends = await Promise.allSettled(
    sources.map(async (settings) => {
      const { source } = settings;
      const own = source === null ? logger : logger.child({ source });
      const ofThis = claims.of(nameOf(settings));
      try {
        await runSource(settings, own, { claims: ofThis, hints }, stop);
      } finally {
        ofThis.resumed();
        // A daemon that does half of what it was told would be noticed too late.
        failed.abort();
      }
    }),
  );
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return exitCode.done;
}

function nameOf({ source }: Settings): string {
  return source ?? '';
}
