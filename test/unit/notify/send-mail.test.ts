import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Notice } from '../../../src/model/notice.ts';
import { DeliveryError } from '../../../src/notify/delivery-error.ts';
import type { MailDestination } from '../../../src/notify/receiver.ts';
import { openSender } from '../../../src/notify/sender.ts';
import { aCommit } from '../../support/builders.ts';
import { makeAuthority, makeCertificate, type Certificate } from '../../support/certificates.ts';
import { scratchFolder, type ScratchFolder } from '../../support/git-repository.ts';
import { wholeOf } from '../../support/leaks.ts';
import { startSmtpServer, type SmtpServer } from '../../support/smtp-server.ts';
import { aReceiver, openTelling, type Telling } from '../../support/told.ts';

const password = 'planted-password';
let scratch: ScratchFolder;
let telling: Telling & AsyncDisposable;
let authority: Certificate;
let certificate: Certificate;

beforeAll(async () => {
  scratch = await scratchFolder();
  telling = openTelling(scratch.path);
  const folder = join(scratch.path, 'pki');
  authority = await makeAuthority(folder, 'authority');
  certificate = await makeCertificate(folder, 'mail', authority, ['IP:127.0.0.1']);
});
afterAll(async () => {
  await telling[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

const notice: Notice = {
  id: 'x-1',
  event: 'rollout-failed',
  tone: 'bad',
  at: 1_764_500_000_000,
  fleet: 'prod',
  application: 'shop',
  service: '',
  slot: '',
  host: null,
  commit: aCommit('a'),
  origin: null,
  actor: 'Ada',
  message: 'it has failed',
  reason: '',
  resolves: null,
  reminds: null,
};

async function send(
  { port }: Pick<SmtpServer, 'port'>,
  facts: Partial<MailDestination> = {},
  caFile: string | undefined = authority.cert,
): Promise<void> {
  const destination: MailDestination = {
    type: 'email',
    host: '127.0.0.1',
    port,
    encryption: 'starttls',
    login: { username: 'fleet', passwordFile: telling.secret('mail', password) },
    from: 'Fleetwright <fleet@example.com>',
    to: ['ada@example.com', 'Grace <grace@example.com>'],
    ...facts,
  };
  const sender = openSender(
    aReceiver('mail', destination, { route: { caFile, proxy: undefined } }),
  );
  await sender.send(notice, AbortSignal.timeout(3_000));
}

async function refusalOf(sent: Promise<void>): Promise<DeliveryError> {
  const error = await sent.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(wholeOf(error)).not.toContain(password);
  expect(wholeOf(error)).not.toContain(Buffer.from(`\0fleet\0${password}`).toString('base64'));
  if (error instanceof DeliveryError) return error;
  throw new Error(`it is no DeliveryError: ${wholeOf(error)}`);
}

describe('a mail', () => {
  it('goes out over TLS only, after a login, to all, with the id of the notice', async () => {
    await using server = await startSmtpServer(certificate);

    await send(server);

    expect(server.logins).toEqual([`fleet:${password}`]);
    expect(server.mails).toMatchObject([
      {
        from: 'fleet@example.com',
        to: ['ada@example.com', 'grace@example.com'],
        isEncrypted: true,
      },
    ]);
    const text = server.mails[0]?.text ?? '';
    expect(text).toContain('Message-ID: <x-1@fleetwright>\n');
    expect(text).toContain('Subject: [fleetwright] shop: rollout-failed\n');
    expect(text).toContain('Date: Sun, 30 Nov 2025 10:53:20 +0000\n');
    expect(text).toContain('\nprod: shop: it has failed\n');
  });

  it('goes to a server of this machine in the open, without a login', async () => {
    await using server = await startSmtpServer();

    await send(server, { encryption: 'none', login: null });

    expect(server.mails).toMatchObject([{ isEncrypted: false }]);
  });

  it('does not go where there is no TLS, or nobody who is trusted', async () => {
    await using open = await startSmtpServer();
    await using strange = await startSmtpServer(certificate);
    const elsewhere = await makeAuthority(join(scratch.path, 'pki'), 'elsewhere');

    expect((await refusalOf(send(open))).message).toMatch(/begin with TLS/);
    expect((await refusalOf(send(strange, {}, elsewhere.cert))).message).toMatch(
      /Cannot send mail by 127.0.0.1:\d+: /,
    );
    expect([...open.logins, ...strange.logins, ...open.mails, ...strange.mails]).toEqual([]);
  });

  it.each([
    ['AUTH', `535 5.7.8 no ${password}`, false, /does not take the login: SMTP 535$/],
    ['MAIL', '451 later', false, /does not take the mail: SMTP 451$/],
    ['RCPT', '550 nobody of this name', true, /does not take the mail: SMTP 550$/],
    ['text', `554 it looks like ${password}`, true, /does not take the mail: SMTP 554$/],
    ['greeting', 'HTTP/1.1 400 Bad Request', false, /it does not speak SMTP|SMTP/],
  ] as const)('%s is answered with %s', async (command, answer, isFinal, message) => {
    await using server = await startSmtpServer(certificate);
    server.answers.set(command, answer);

    const refusal = await refusalOf(send(server));

    expect(refusal.message).toMatch(message);
    expect(refusal.isFinal).toBe(isFinal);
    expect(server.mails).toEqual([]);
  });

  it('is given up when the server hangs, or is gone', async () => {
    await using server = await startSmtpServer(certificate);
    server.answers.set('EHLO', 'hang');
    const gone = await startSmtpServer();
    await gone[Symbol.asyncDispose]();

    await expect(send(server)).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }));
    expect((await refusalOf(send(gone))).message).toMatch(/nothing listens at that port/);
  });
});
