import type { FleetSpec } from '../../model/fleet.ts';
import { child, isEmptyOrNull, readText, readTexts, type Cursor } from '../cursor.ts';

const defaults = { command: ['nc', '127.0.0.1', '9999'], routes: '/etc/haproxy/routes.map' };

/** The proxies of the fleet, under `ingress`. */
export function resolveIngress(cursor: Cursor): Pick<FleetSpec, 'ingress'> {
  if (isEmptyOrNull(cursor)) return {};
  const [application = '', service = ''] = (readText(child(cursor, 'service')) ?? '').split('/');
  const command = readTexts(child(cursor, 'command'));
  return {
    ingress: {
      driver: 'haproxy',
      application,
      service,
      command: command.length === 0 ? defaults.command : command,
      routes: readText(child(cursor, 'routes')) ?? defaults.routes,
      origin: cursor.origin,
    },
  };
}
