import type { FleetSpec } from '../../model/fleet.ts';
import type { IngressSpec } from '../../model/traffic.ts';
import {
  child,
  complainAtKey,
  isEmptyOrNull,
  isPresent,
  readText,
  readTexts,
  type Cursor,
} from '../cursor.ts';

const defaults = {
  haproxy: { command: ['nc', '127.0.0.1', '9999'], routes: '/etc/haproxy/routes.map' },
  caddy: { command: ['nc', '127.0.0.1', '2019'], routes: '' },
};

/** The proxies of the fleet, under `ingress`. */
export function resolveIngress(cursor: Cursor): Pick<FleetSpec, 'ingress'> {
  if (isEmptyOrNull(cursor)) return {};
  const driver = readText(child(cursor, 'driver')) === 'caddy' ? 'caddy' : 'haproxy';
  const [application = '', service = ''] = (readText(child(cursor, 'service')) ?? '').split('/');
  const command = readTexts(child(cursor, 'command'));
  return {
    ingress: {
      driver,
      application,
      service,
      command: command.length === 0 ? defaults[driver].command : command,
      routes: readRoutes(child(cursor, 'routes'), driver),
      origin: cursor.origin,
    },
  };
}

function readRoutes(cursor: Cursor, driver: IngressSpec['driver']): string {
  if (driver === 'caddy' && isPresent(cursor)) {
    const message = 'routes is the map file of HAProxy, and Caddy has none';
    complainAtKey(cursor, 'conflicting-keys', message, 'Remove "routes"');
  }
  return readText(cursor) ?? defaults[driver].routes;
}
