import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Destination } from '../../../src/notify/receiver.ts';
import { readJournal } from '../../../src/journal/open-journal.ts';
import { aRevision } from '../../support/builders.ts';
import { eventually } from '../../support/eventually.ts';
import { scratchFolder, type ScratchFolder } from '../../support/git-repository.ts';
import { textBelow } from '../../support/leaks.ts';
import { startRecorder, type Mood } from '../../support/recorder.ts';
import { startSmtpServer } from '../../support/smtp-server.ts';
import { aReceiver, openTelling, webhookSecret } from '../../support/told.ts';

let scratch: ScratchFolder;

beforeEach(async () => {
  scratch = await scratchFolder();
});
afterEach(() => scratch[Symbol.asyncDispose]());

const secrets = [webhookSecret, 'planted-chat', 'planted-token', 'planted-password', 'planted-url'];
const moods: readonly Mood[] = [
  { status: 200 },
  { status: 401 },
  { status: 400 },
  { status: 500 },
  { status: 302, headers: { location: '/planted-chat/planted-token' } },
  { status: 429, headers: { 'retry-after': 'planted-token' } },
  'hang',
];

it('keeps what is secret out of the log, the journal and the standing, whatever goes wrong', async () => {
  await using telling = openTelling(scratch.path);
  await using recorder = await startRecorder();
  await using mail = await startSmtpServer();
  mail.answers.set('AUTH', '535 planted-password is wrong');
  const file = telling.secret;
  const passwordFile = file('mail', 'planted-password');
  const tokenFile = file('token', 'planted-token');
  const urlFile = file('chat', `${recorder.url}/services/planted-chat`);
  const api = { apiUrl: recorder.url, project: 'o/n', tokenFile, targetUrl: null };
  const destinations: readonly Destination[] = [
    { type: 'webhook', url: recorder.url, urlFile: null, secretFile: file('hook', webhookSecret) },
    { type: 'webhook', url: null, urlFile, secretFile: file('hook', webhookSecret) },
    { type: 'webhook', url: null, urlFile: file('none', 'planted-url'), secretFile: urlFile },
    { type: 'slack', urlFile: file('open', 'http://chat.example.com/planted-chat') },
    { type: 'slack', urlFile },
    { type: 'mattermost', urlFile },
    { type: 'github', ...api },
    { type: 'gitlab', ...api },
    { type: 'gitea', ...api },
    {
      type: 'email',
      host: '127.0.0.1',
      port: mail.port,
      encryption: 'none',
      login: { username: 'fleet', passwordFile },
      from: 'a@example.com',
      to: ['b@example.com'],
    },
  ];
  const receivers = destinations.map((destination, at) => aReceiver(`r${at}`, destination));
  for (const [seed, mood] of moods.entries()) {
    recorder.mood = mood;
    const before = recorder.requests.length;
    telling.start(receivers);
    telling.journal.accept(aRevision(seed + 1), []);
    await eventually(
      'tries',
      async () => recorder.requests.length >= before + 6 || null,
      20_000,
      10,
    );
    await telling.stop();
  }
  await eventually('a login', async () => mail.logins.length > 0 || null, 20_000, 10);

  using journal = readJournal(telling.stateDir);
  const standing = JSON.stringify(journal.receivers());
  const written = await textBelow(telling.stateDir);
  expect(standing).toContain('HTTP');
  expect(standing).toContain('SMTP 535');
  expect(written).toContain('commit-accepted');
  for (const text of [telling.log.join(''), standing, written]) {
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  }
  expect(JSON.stringify(recorder.requests)).toContain('planted-chat');
});
