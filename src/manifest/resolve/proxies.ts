import type { ProxyGroup, ProxyRole } from '../../model/traffic.ts';
import {
  child,
  complainAtKey,
  isEmptyOrNull,
  isPresent,
  readText,
  readTexts,
  type Cursor,
} from '../cursor.ts';

const roles: readonly ProxyRole[] = ['ingress', 'internal'];

const defaults = {
  haproxy: { command: ['nc', '127.0.0.1', '9999'], routes: '/etc/haproxy/routes.map' },
  caddy: { command: ['nc', '127.0.0.1', '2019'], routes: '' },
};

/** The proxies of the fleet, under `ingress` and `internal`. */
export function resolveProxies(root: Cursor): readonly ProxyGroup[] {
  return roles.flatMap((role) => {
    const cursor = child(root, role);
    return isEmptyOrNull(cursor) ? [] : [resolveGroup(cursor, role)];
  });
}

function resolveGroup(cursor: Cursor, role: ProxyRole): ProxyGroup {
  const driver = readText(child(cursor, 'driver')) === 'caddy' ? 'caddy' : 'haproxy';
  const [application = '', service = ''] = (readText(child(cursor, 'service')) ?? '').split('/');
  const command = readTexts(child(cursor, 'command'));
  return {
    role,
    driver,
    application,
    service,
    command: command.length === 0 ? defaults[driver].command : command,
    routes: readRoutes(child(cursor, 'routes'), driver),
    origin: cursor.origin,
  };
}

function readRoutes(cursor: Cursor, driver: ProxyGroup['driver']): string {
  if (driver === 'caddy' && isPresent(cursor)) {
    const message = 'routes is the map file of HAProxy, and Caddy has none';
    complainAtKey(cursor, 'conflicting-keys', message, 'Remove "routes"');
  }
  return readText(cursor) ?? defaults[driver].routes;
}
