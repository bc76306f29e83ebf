import { rootCertificates } from 'node:tls';

import { createTransport } from 'nodemailer';

import { codeOf } from '../model/network-trouble.ts';
import type { Notice } from '../model/notice.ts';
import { renderMail } from '../report/render-notice.ts';
import { readCredential, readSecret } from '../secrets/credential-file.ts';
import { networkTrouble } from '../source/reach.ts';
import { DeliveryError } from './delivery-error.ts';
import type { MailDestination } from './receiver.ts';

const timeoutMs = 10_000;

/** @throws DeliveryError, in which the server is not quoted: it may repeat what it was sent */
export async function sendMail(
  destination: MailDestination,
  caFile: string | undefined,
  notice: Notice,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { host, port, encryption, login, from, to } = destination;
  const ca = caFile === undefined ? undefined : await readCredential(caFile, 'file of authorities');
  const pass =
    login === null ? '' : await readSecret(login.passwordFile, 'file with the password for mail');
  const transport = createTransport({
    host,
    port,
    secure: encryption === 'tls',
    requireTLS: encryption === 'starttls',
    ignoreTLS: encryption === 'none',
    ...(login === null ? {} : { auth: { user: login.username, pass } }),
    tls: ca === undefined ? {} : { ca: [...rootCertificates, ca.toString('utf8')] },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  aborted.catch(() => {});
  const { subject, text } = renderMail(notice);
  const sent = transport.sendMail({
    from,
    to: [...to],
    subject,
    text,
    date: new Date(notice.at),
    // Of the notice and not of the try: whoever keeps mails apart by their ids keeps one.
    messageId: `<${notice.id}@fleetwright>`,
    headers: { 'auto-submitted': 'auto-generated', 'x-fleetwright-id': notice.id },
  });
  try {
    await Promise.race([sent, aborted]);
  } catch (error) {
    if (signal.aborted) throw error;
    throw refusal(`${host}:${port}`, error);
  } finally {
    sent.catch(() => {});
    transport.close();
  }
}

function refusal(place: string, error: unknown): DeliveryError {
  const answer =
    error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : null;
  if (codeOf(error) !== 'ETLS' && answer !== null && !Number.isNaN(answer)) {
    const isLogin = codeOf(error) === 'EAUTH';
    const what = isLogin ? 'does not take the login' : 'does not take the mail';
    // A login may be mended; a mail that is refused for good stays so.
    const isFinal = !isLogin && answer >= 550 && answer < 560;
    return new DeliveryError(`${place} ${what}: SMTP ${answer}`, { isFinal });
  }
  const words = smtpTroubles.get(codeOf(error)) ?? troubleOf(error);
  return new DeliveryError(`Cannot send mail by ${place}: ${words}`);
}

const smtpTroubles: ReadonlyMap<string, string> = new Map([
  ['ETLS', 'it does not begin with TLS as it is asked to'],
  ['EPROTOCOL', 'it does not speak SMTP'],
  ['ETIMEDOUT', 'it did not answer in time'],
  ['EAUTH', 'it takes no login, or none of this kind'],
  ['EENVELOPE', 'an address is not valid'],
]);

/** The message of the error is left out, since it may be the server's. */
function troubleOf(error: unknown): string {
  const { originalCode = codeOf(error) } = error as { readonly originalCode?: string };
  return networkTrouble(Object.assign(new Error('the connection failed'), { code: originalCode }));
}
