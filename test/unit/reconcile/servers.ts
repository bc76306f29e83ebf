import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Something that listens on a free port of the loopback interface. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: ReadonlySet<Socket>;
}

export async function listenHttp(answer: RequestListener): Promise<Listening> {
  return await listen(createHttpServer(answer));
}

export async function listenTcp(onConnection: (socket: Socket) => void): Promise<Listening> {
  return await listen(createServer(onConnection));
}

/** A port of the loopback interface on which nothing listens. */
export async function freePort(): Promise<number> {
  const listening = await listenTcp(() => undefined);
  await listening[Symbol.asyncDispose]();
  return listening.port;
}

async function listen(server: Server): Promise<Listening> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    open,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
