import type { GitHttpRequest, GitHttpResponse } from 'isomorphic-git';

import { TransientError } from '../model/errors.ts';
import { bodyOf, wholeBody } from './body.ts';
import { Deadlines } from './deadlines.ts';
import type { GitProgram, GitService } from './judge-answer.ts';
import { judgeBody } from './judge-answer.ts';
import { knownName } from '../ssh/known-hosts.ts';
import { flushPacket, pktLine, splitPktLines } from './pkt-line.ts';
import type { ProgramAnswer } from './remote-program.ts';
import { RemoteProgram } from './remote-program.ts';
import type { SshAddress } from './ssh-address.ts';
import { quoteForShell } from './ssh-address.ts';
import type { SshConnectionOptions } from './ssh-connection.ts';
import { SshConnection } from './ssh-connection.ts';
import { programFailure } from './ssh-failure.ts';
import type { Conversation, Transport, TransportLimits } from './transport.ts';

export interface SshTransportOptions
  extends TransportLimits, Omit<SshConnectionOptions, 'readyTimeoutMs' | 'server'> {
  readonly address: SshAddress;
}

/**
 * Speaks SSH. Over one kept connection, each conversation starts `git-upload-pack` or `git-receive-pack`; what they say first
 * is the list of refs of the HTTP protocol, and what they answer then is the body of its second request.
 */
export class SshTransport implements Transport {
  /** isomorphic-git knows no other than HTTP; this host never gets a request. */
  readonly url = 'http://ssh.invalid/repository';
  readonly host: string;
  readonly #options: SshTransportOptions;
  readonly #connection: SshConnection;

  constructor(options: SshTransportOptions) {
    const { address, idleTimeoutMs } = options;
    this.#options = options;
    this.host = knownName(address.host, address.port);
    this.#connection = new SshConnection({
      ...options,
      server: address,
      readyTimeoutMs: idleTimeoutMs,
    });
  }

  converse(signal: AbortSignal): Conversation {
    return new SshConversation(this.#connection, this.#options, this.host, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
  }
}

class SshConversation implements Conversation {
  readonly #connection: SshConnection;
  readonly #options: SshTransportOptions;
  readonly #host: string;
  readonly #signal: AbortSignal;
  /** Runs, and has said its greeting. */
  #program: RemoteProgram | undefined;

  constructor(
    connection: SshConnection,
    options: SshTransportOptions,
    host: string,
    signal: AbortSignal,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#host = host;
    this.#signal = signal;
  }

  async request(request: GitHttpRequest): Promise<GitHttpResponse> {
    const name: GitProgram = request.url.includes('receive-pack') ? 'receive-pack' : 'upload-pack';
    const isPost = request.method === 'POST';
    const sent = await wholeBody(request.body);
    const body = isPost
      ? await this.#ask(name, sent)
      : await this.#greeting(name, request.headers?.['Git-Protocol']);
    const contentType = `application/x-git-${name}-${isPost ? 'result' : 'advertisement'}`;
    return {
      url: request.url,
      statusCode: 200,
      statusMessage: 'OK',
      headers: { 'content-type': contentType },
      body: bodyOf(body),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program?.dismiss();
  }

  async #greeting(name: GitProgram, version: string | undefined): Promise<Uint8Array> {
    this.#program?.dismiss();
    this.#program = undefined;
    const answer = await this.#within(async (deadlines) => {
      const command = `git-${name} ${quoteForShell(this.#options.address.path)}`;
      // A server that does not know the variable speaks version 0, which is as good.
      const env: Record<string, string> = version === undefined ? {} : { GIT_PROTOCOL: version };
      const channel = await this.#connection.exec(command, env);
      const program = new RemoteProgram(channel, this.#host, this.#options.maxAnswerBytes);
      if (deadlines.reason !== undefined) {
        program.kill();
        throw deadlines.reason;
      }
      this.#program = program;
      return program.greeting(deadlines);
    });
    const body = Buffer.concat([pktLine(`# service=git-${name}\n`), flushPacket, answer.body]);
    return this.#judged(answer, body, 'advertisement', name);
  }

  async #ask(name: GitProgram, sent: Uint8Array): Promise<Uint8Array> {
    const program = this.#program;
    if (program === undefined) throw new Error('nothing was asked for before');
    this.#program = undefined;
    const answer = await this.#within((deadlines) => program.ask(sent, deadlines), program);
    return this.#judged(answer, answer.body, 'result', name);
  }

  /** A program that ended may have said all the same what is to be known: whether it has is what its answer shows. */
  #judged(
    { end, body: answered }: ProgramAnswer,
    body: Uint8Array,
    service: GitService,
    name: GitProgram,
  ): Uint8Array {
    if (end !== undefined && !splitPktLines(answered).isComplete) {
      throw programFailure({ ...end, answered, service }, this.#host, name);
    }
    judgeBody(body, service, this.#host);
    return body;
  }

  async #within(
    work: (deadlines: Deadlines) => Promise<ProgramAnswer>,
    running?: RemoteProgram,
  ): Promise<ProgramAnswer> {
    this.#signal.throwIfAborted();
    const deadlines = new Deadlines(this.#options, this.#host, this.#signal, () => {
      // A server that does not answer may be gone with its connection; a caller that has enough says nothing of it.
      if (!this.#signal.aborted) this.#connection.drop();
    });
    try {
      return await Promise.race([work(deadlines), deadlines.ended]);
    } catch (error) {
      (running ?? this.#program)?.kill();
      this.#program = undefined;
      throw error instanceof TransientError || deadlines.reason === undefined
        ? error
        : deadlines.reason;
    } finally {
      deadlines.clear();
    }
  }
}
