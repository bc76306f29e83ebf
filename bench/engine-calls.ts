import diagnostics from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

import { enginePort } from '../src/sandbox/engine.ts';

/** One request to an engine from this process. Times as performance.now() gives them. */
export interface EngineCall {
  readonly kind: CallKind;
  /** With the query. */
  readonly path: string;
  readonly startMs: number;
  /** When the headers of the answer were there. */
  readonly endMs: number;
}

export type CallKind =
  | 'create'
  | 'start'
  | 'update'
  | 'stop'
  | 'remove'
  | 'inspect'
  | 'list'
  | 'events'
  | 'other';

interface Message {
  readonly request: ClientRequest;
}

/** Records every request that this process makes to an engine, whoever makes it, without touching those who do. */
export class EngineCalls implements Disposable {
  readonly #calls: EngineCall[] = [];
  readonly #open = new Map<ClientRequest, number>();

  constructor() {
    diagnostics.subscribe('http.client.request.start', this.#onStart);
    diagnostics.subscribe('http.client.response.finish', this.#onAnswer);
  }

  /** What was answered so far, and forgets it. */
  take(): readonly EngineCall[] {
    return this.#calls.splice(0);
  }

  [Symbol.dispose](): void {
    diagnostics.unsubscribe('http.client.request.start', this.#onStart);
    diagnostics.unsubscribe('http.client.response.finish', this.#onAnswer);
  }

  readonly #onStart = (message: unknown): void => {
    const { request } = message as Message;
    // Probes of the application go to other ports.
    if (!String(request.getHeader('host')).endsWith(`:${enginePort}`)) return;
    this.#open.set(request, performance.now());
  };

  readonly #onAnswer = (message: unknown): void => {
    const { request } = message as Message;
    const startMs = this.#open.get(request);
    if (startMs === undefined) return;
    this.#open.delete(request);
    const { method, path } = request;
    this.#calls.push({ kind: kindOf(method, path), path, startMs, endMs: performance.now() });
  };
}

function kindOf(method: string, path: string): CallKind {
  const [bare = ''] = path.replace(/^\/v\d+\.\d+/, '').split('?');
  const last = bare.split('/').at(-1) ?? '';
  if (bare === '/events') return 'events';
  if (!bare.startsWith('/containers/')) return 'other';
  if (method === 'DELETE') return 'remove';
  if (method === 'GET') return bare === '/containers/json' ? 'list' : 'inspect';
  const kinds: Readonly<Record<string, CallKind>> = {
    create: 'create',
    start: 'start',
    update: 'update',
    stop: 'stop',
  };
  return kinds[last] ?? 'other';
}
