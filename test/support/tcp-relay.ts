import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A long line between a port of loopback and a server. */
export interface TcpRelay extends AsyncDisposable {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** Lets nothing through any more, in either direction, and nobody gets an error: as when packets vanish. */
  cut(): void;
  /** Lets through what has waited, and what comes. */
  mend(): void;
}

/** @param delayMs how long each byte is under way, in either direction */
export async function startTcpRelay(
  target: { readonly host: string; readonly port: number },
  delayMs = 0,
): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let isCut = false;
  // Timers of the same length end in the order in which they began, so nothing is overtaken.
  const later = (pass: () => void): void => void setTimeout(pass, delayMs);
  const carry = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (bytes) => later(() => to.write(bytes)));
    from.on('end', () => later(() => to.end()));
    from.on('error', () => later(() => to.destroy()));
    from.on('close', () => sockets.delete(from));
    if (isCut) from.pause();
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...target, allowHalfOpen: true });
    carry(near, far);
    carry(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend() {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
