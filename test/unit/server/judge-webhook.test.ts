import { createHmac } from 'node:crypto';

import { expect, it } from 'vitest';

import { judgeWebhook, type WebhookSender } from '../../../src/server/judge-webhook.ts';

const secret = "It's a Secret to Everybody";
const body = 'Hello, World!';
// The example that GitHub publishes for its signatures.
const hex = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

interface Case {
  readonly sender: WebhookSender;
  readonly headers: Readonly<Record<string, string>>;
  readonly verdict: ReturnType<typeof judgeWebhook>;
}

const other = hex.replace('7', '8');

it.each<Case>([
  { sender: 'github', headers: { 'x-hub-signature-256': `sha256=${hex}` }, verdict: 'push' },
  {
    sender: 'github',
    headers: { 'x-hub-signature-256': `sha256=${hex}`, 'x-github-event': 'ping' },
    verdict: 'ping',
  },
  { sender: 'github', headers: { 'x-github-event': 'ping' }, verdict: 'refused' },
  { sender: 'github', headers: { 'x-hub-signature-256': hex }, verdict: 'refused' },
  { sender: 'github', headers: { 'x-hub-signature-256': `sha256=${other}` }, verdict: 'refused' },
  { sender: 'github', headers: { 'x-hub-signature-256': 'sha256=' }, verdict: 'refused' },
  { sender: 'github', headers: { 'x-gitea-signature': hex }, verdict: 'refused' },
  { sender: 'gitea', headers: { 'x-gitea-signature': hex.toUpperCase() }, verdict: 'push' },
  { sender: 'gitea', headers: { 'x-gitea-signature': other }, verdict: 'refused' },
  { sender: 'gitea', headers: {}, verdict: 'refused' },
  { sender: 'generic', headers: { 'x-signature': `sha256=${hex}` }, verdict: 'push' },
  { sender: 'generic', headers: { 'x-signature': `sha1=${hex}` }, verdict: 'refused' },
  { sender: 'gitlab', headers: { 'x-gitlab-token': secret }, verdict: 'push' },
  { sender: 'gitlab', headers: { 'x-gitlab-token': `${secret}!` }, verdict: 'refused' },
  { sender: 'gitlab', headers: { 'x-gitlab-token': '' }, verdict: 'refused' },
  { sender: 'gitlab', headers: { 'x-hub-signature-256': `sha256=${hex}` }, verdict: 'refused' },
])('$sender with $headers is $verdict', ({ sender, headers, verdict }) => {
  const digest = createHmac('sha256', secret).update(body).digest();

  expect(judgeWebhook(sender, headers, secret, digest)).toBe(verdict);
});
