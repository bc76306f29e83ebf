import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

import type { Certificate } from './certificates.ts';

/** A mail as it was taken. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly isEncrypted: boolean;
}

/** A small real SMTP server on loopback: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA. */
export interface SmtpServer extends AsyncDisposable {
  readonly port: number;
  readonly mails: Mail[];
  /** `user:password` of each login. */
  readonly logins: string[];
  /** What is answered in place of what is usual, by command; `hang`: nothing is. */
  readonly answers: Map<string, string>;
}

export async function startSmtpServer(certificate?: Certificate): Promise<SmtpServer> {
  const sockets = new Set<Socket>();
  const context =
    certificate === undefined
      ? null
      : createSecureContext({
          cert: readFileSync(certificate.cert),
          key: readFileSync(certificate.key),
        });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    say(socket, 'greeting', '220 mail.test ESMTP');
    talk(socket, false);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: SmtpServer = {
    port: (server.address() as AddressInfo).port,
    mails: [],
    logins: [],
    answers: new Map(),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;

  function say(socket: Socket, command: string, usual: string): void {
    const answer = state.answers.get(command) ?? usual;
    if (answer !== 'hang') socket.write(`${answer}\r\n`);
  }

  function talk(socket: Socket, isEncrypted: boolean): void {
    let pending = '';
    let mail = { from: '', to: [] as string[], text: '' };
    let isData = false;
    const take = (line: string): void => {
      if (isData) {
        if (line !== '.') return void (mail.text += `${line}\n`);
        isData = false;
        if (!state.answers.has('text')) state.mails.push({ ...mail, isEncrypted });
        mail = { from: '', to: [], text: '' };
        return say(socket, 'text', '250 taken');
      }
      const command = line.split(/[ :]/)[0]?.toUpperCase() ?? '';
      switch (command) {
        case 'EHLO': {
          const offers = context === null || isEncrypted ? [] : ['250-STARTTLS'];
          return say(socket, 'EHLO', ['250-mail.test', ...offers, '250 AUTH PLAIN'].join('\r\n'));
        }
        case 'STARTTLS': {
          if (context === null) return say(socket, 'STARTTLS', '502 no');
          say(socket, 'STARTTLS', '220 go on');
          socket.removeAllListeners('data');
          const secure = new TLSSocket(socket, { isServer: true, secureContext: context });
          secure.on('error', () => {});
          return talk(secure, true);
        }
        case 'AUTH': {
          const [, user = '', password = ''] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
            .toString('utf8')
            .split('\0');
          state.logins.push(`${user}:${password}`);
          return say(socket, 'AUTH', '235 welcome');
        }
        case 'MAIL':
          mail.from = /<(.*?)>/.exec(line)?.[1] ?? '';
          return say(socket, 'MAIL', '250 well');
        case 'RCPT':
          mail.to.push(/<(.*?)>/.exec(line)?.[1] ?? '');
          return say(socket, 'RCPT', '250 well');
        case 'DATA':
          isData = !state.answers.has('DATA');
          return say(socket, 'DATA', '354 go on');
        case 'QUIT':
          say(socket, 'QUIT', '221 farewell');
          return void socket.end();
        default:
          return say(socket, command, '502 not known');
      }
    };
    socket.on('data', (chunk: Buffer) => {
      pending += chunk.toString('utf8');
      for (let end = pending.indexOf('\r\n'); end !== -1; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 2);
        take(line);
      }
    });
  }
}
