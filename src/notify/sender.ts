import { createHmac } from 'node:crypto';

import { StalledError } from '../model/errors.ts';
import type { Notice } from '../model/notice.ts';
import { commitStatusOf } from '../report/commit-status.ts';
import { noticeDocument } from '../report/notice-document.ts';
import { mattermostMessage, slackMessage } from '../report/render-notice.ts';
import { readSecret } from '../secrets/credential-file.ts';
import { HttpRoute } from '../source/http-route.ts';
import { DeliveryError } from './delivery-error.ts';
import { postJson } from './post-json.ts';
import type { ChatDestination, Receiver, WebhookDestination } from './receiver.ts';
import { sendMail } from './send-mail.ts';
import { statusRequest } from './status-request.ts';

/** The way to one receiver. */
export interface Sender {
  /**
   * Tries once.
   *
   * @throws DeliveryError, which holds no secret; or the reason of the signal
   */
  readonly send: (notice: Notice, signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
}

interface Parcel {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const tunnelTimeoutMs = 10_000;

export function openSender({ destination, route: routing }: Receiver): Sender {
  if (destination.type === 'email') {
    const { caFile } = routing;
    return {
      send: guarded((notice, signal) => sendMail(destination, caFile, notice, signal)),
      close: () => undefined,
    };
  }
  const route = new HttpRoute({ ...routing, tunnelTimeoutMs });
  const pack = async (notice: Notice): Promise<Parcel | null> => {
    switch (destination.type) {
      case 'webhook':
        return webhookParcel(destination, notice);
      case 'slack':
      case 'mattermost':
        return chatParcel(destination, notice);
      default: {
        const status = commitStatusOf(notice);
        return status === null ? null : statusRequest(destination, status);
      }
    }
  };
  const post = async (notice: Notice, signal: AbortSignal): Promise<void> => {
    const parcel = await pack(notice);
    if (parcel !== null) await postJson({ ...parcel, route, signal });
  };
  return { send: guarded(post), close: () => route.close() };
}

/** A file that cannot be read now may be there at the next try. */
function guarded(send: Sender['send']): Sender['send'] {
  return async (notice, signal) => {
    try {
      await send(notice, signal);
    } catch (error) {
      if (error instanceof StalledError) throw new DeliveryError(error.message);
      throw error;
    }
  };
}

async function webhookParcel(
  { url, urlFile, secretFile }: WebhookDestination,
  notice: Notice,
): Promise<Parcel> {
  const target = url === null ? await readUrl(urlFile ?? '') : new URL(url);
  const secret = await readSecret(secretFile, 'file with the secret of a webhook');
  const body = JSON.stringify(noticeDocument(notice));
  // Of the try, so that an old one that somebody has kept can be told from a new one.
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const digest = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return {
    url: target,
    headers: {
      'x-fleetwright-id': notice.id,
      'x-fleetwright-event': notice.event,
      'x-fleetwright-timestamp': timestamp,
      'x-fleetwright-signature': `sha256=${digest}`,
    },
    body,
  };
}

async function chatParcel({ type, urlFile }: ChatDestination, notice: Notice): Promise<Parcel> {
  const message = type === 'slack' ? slackMessage(notice) : mattermostMessage(notice);
  return { url: await readUrl(urlFile), headers: {}, body: JSON.stringify(message) };
}

/** A URL that is a secret. */
async function readUrl(file: string): Promise<URL> {
  const text = await readSecret(file, 'file with the URL of a webhook');
  if (!URL.canParse(text)) {
    throw new DeliveryError(`Cannot use the file "${file}": it holds no URL`);
  }
  const url = new URL(text);
  if (isSafe(url)) return url;
  throw new DeliveryError(
    `Cannot use the file "${file}": its URL is secret, and must be https:// without user name and password`,
  );
}

/** Whether nobody on the way can read what goes there. */
export function isSafe({ protocol, hostname, username, password }: URL): boolean {
  if (username !== '' || password !== '') return false;
  if (protocol === 'https:') return true;
  return protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
