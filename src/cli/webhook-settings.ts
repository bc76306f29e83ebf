import { resolve } from 'node:path';

import { UsageError } from '../model/errors.ts';
import { parseListenAddress, type ListenAddress } from '../server/listen-address.ts';
import type { Said } from './said.ts';

export interface WebhookSettings {
  readonly listen: ListenAddress;
  readonly secretFile: string;
}

/** @throws UsageError when what was said is half of it, or no address */
export function webhookSettings({ listen, webhookSecretFile }: Said): WebhookSettings | null {
  if (listen === undefined && webhookSecretFile === undefined) return null;
  if (listen === undefined || webhookSecretFile === undefined) {
    throw new UsageError(
      'Cannot listen for webhooks: it takes listen and webhookSecretFile together',
    );
  }
  const address = parseListenAddress(listen);
  if (address !== null) return { listen: address, secretFile: resolve(webhookSecretFile) };
  throw new UsageError(
    `Cannot use --listen "${listen}": it is HOST:PORT, as in 127.0.0.1:8484 or [::1]:8484`,
  );
}
