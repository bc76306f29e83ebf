import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

import { messageOf } from '../model/errors.ts';
import type { HttpProbe, Probe, TcpProbe } from '../model/application.ts';
import type { ContainerId } from '../model/names.ts';

/** An instance whose readiness is asked for. */
export interface ProbeTarget {
  readonly container: ContainerId;
  readonly startedAt: number;
  readonly probe: Probe;
  /** How long its answers must be good: one of the questions falls on the end of that time. */
  readonly minHealthyTimeMs: number;
  readonly address: string;
  /** The published port behind the probe's; null when it is not known yet. */
  readonly port: number | null;
}

/** What one probe found. */
export interface ProbeAnswer {
  readonly ok: boolean;
  /** Something took the request, whatever it said. */
  readonly isListening: boolean;
  /** Such as `HTTP 503 from /ready` or `connection refused on port 8080`. */
  readonly detail: string;
}

/** The way to ask an instance. It never throws, and ends soon after the signal is aborted. */
export type Probing = (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeAnswer>;

/**
 * How long a TCP connection must stay open. Docker's proxy accepts before it knows whether anything listens behind it,
 * and closes at once when nothing does.
 */
const tcpHoldMs = 50;

const notPublished: ProbeAnswer = {
  ok: false,
  isListening: false,
  detail: 'its port is not published',
};

/** Asks an instance over the network as its gate says. */
export const probeTarget: Probing = async ({ probe, address, port }, signal) => {
  if (port === null) return notPublished;
  try {
    return probe.kind === 'http'
      ? await probeHttp(probe, address, port, signal)
      : await probeTcp(probe, address, port, signal);
  } catch (error) {
    // What cannot even be asked, as a path that an older version let pass, is not ready.
    return { ok: false, isListening: false, detail: messageOf(error) };
  }
};

/** One GET; any status from 200 to 399 passes. Redirects are not followed. */
export function probeHttp(
  probe: HttpProbe,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const { path, timeoutMs } = probe;
  return new Promise((resolve) => {
    const judge = ({ statusCode: status = 0 }: IncomingMessage): void => {
      clearTimeout(timer);
      const ok = status >= 200 && status < 400;
      resolve({ ok, isListening: true, detail: `HTTP ${status} from ${path}` });
    };
    const call = request({ host: address, port, path, agent: false, signal }, (response) => {
      // The body may be endless, and only the status counts.
      response.destroy();
      judge(response);
    });
    // It has no response then, and whoever destroys it hears of no error.
    call.on('upgrade', (answer, socket) => {
      socket.destroy();
      judge(answer);
    });
    // The whole answer counts, not the pauses in it: a server that sends its headers drop by drop is late too.
    const late = new Error(`no answer within ${timeoutMs} ms`);
    const timer = setTimeout(() => call.destroy(late), timeoutMs);
    call.on('error', (error) => {
      clearTimeout(timer);
      const detail = `${describeFailure(error)} on port ${probe.port}`;
      resolve({ ok: false, isListening: error === late, detail });
    });
    call.end();
  });
}

export function probeTcp(
  probe: TcpProbe,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, signal });
    const finish = (ok: boolean, detail: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ok, isListening: ok, detail: `${detail} on port ${probe.port}` });
    };
    let timer = setTimeout(() => finish(false, 'no connection'), probe.timeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(() => finish(true, 'connected'), tcpHoldMs);
    });
    socket.once('data', () => finish(true, 'connected'));
    socket.once('end', () => finish(false, 'connection closed'));
    socket.once('error', (error) => finish(false, describeFailure(error)));
  });
}

/** Why a connection failed, in words. */
export function describeFailure(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ECONNRESET') return 'connection reset';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'host unreachable';
  return error.message;
}
