import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Keeps a server open to all when it holds as many connections as it may: then one is closed for each that comes, of the address
 * that holds most of them the one that came first, and never one that is being answered. Whoever sends nothing more loses
 * connections to whoever does, and one with many of them only to itself.
 */
export function boundConnections(server: Server, maxConnections: number): void {
  /** The first one first. */
  const open = new Set<Socket>();
  const answered = new Set<Socket>();
  server.on('connection', (socket) => {
    const victim = open.size < maxConnections ? undefined : victimOf(open, answered);
    if (victim !== undefined) open.delete(victim.destroy());
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    request.once('end', () => answered.add(socket));
    response.once('close', () => answered.delete(socket));
  });
}

function victimOf(open: ReadonlySet<Socket>, answered: ReadonlySet<Socket>): Socket | undefined {
  const idle = [...open].filter((socket) => !answered.has(socket));
  const held = new Map<string, number>();
  for (const socket of idle) held.set(addressOf(socket), (held.get(addressOf(socket)) ?? 0) + 1);
  const most = Math.max(...held.values());
  return idle.find((socket) => held.get(addressOf(socket)) === most);
}

function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress;
}
