import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Who calls: each signs in a way of its own. */
export const webhookSenders = ['github', 'gitlab', 'gitea', 'generic'] as const;

export type WebhookSender = (typeof webhookSenders)[number];

/** `ping` is only asked whether it gets through. */
export type WebhookVerdict = 'push' | 'ping' | 'refused';

/**
 * Whether a webhook is from somebody who knows the secret.
 *
 * What is signed, and where that stands: docs.github.com "Validating webhook deliveries", docs.gitlab.com "Webhooks"
 * (the secret itself is sent), docs.gitea.com "Webhooks"; `generic` is signed as Flux's generic-hmac receiver asks for.
 *
 * @param digest HMAC-SHA256 of the body with the secret
 */
export function judgeWebhook(
  sender: WebhookSender,
  headers: IncomingHttpHeaders,
  secret: string,
  digest: Buffer,
): WebhookVerdict {
  const isSigned = {
    github: () => isSameDigest(withPrefix(headers['x-hub-signature-256']), digest),
    gitea: () => isSameDigest(headers['x-gitea-signature'], digest),
    generic: () => isSameDigest(withPrefix(headers['x-signature']), digest),
    gitlab: () => isSameText(headers['x-gitlab-token'], secret),
  }[sender]();
  if (!isSigned) return 'refused';
  return headers['x-github-event'] === 'ping' ? 'ping' : 'push';
}

function withPrefix(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? /^sha256=(.*)$/.exec(header)?.[1] : undefined;
}

function isSameDigest(header: string | readonly string[] | undefined, digest: Buffer): boolean {
  if (typeof header !== 'string' || !/^[0-9a-f]{64}$/i.test(header)) return false;
  return timingSafeEqual(Buffer.from(header, 'hex'), digest);
}

/** Digests are compared, so that it does not show how long the text is or where it differs. */
function isSameText(header: string | readonly string[] | undefined, text: string): boolean {
  if (typeof header !== 'string') return false;
  return timingSafeEqual(digestOf(header), digestOf(text));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
