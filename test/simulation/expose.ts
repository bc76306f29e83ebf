import { applicationNames } from './catalog.ts';
import type { ApplicationModel, ServiceModel } from './manifest-files.ts';

/** The application of the proxies, and its service. */
export const edgeName = 'edge';
export const proxyName = 'haproxy';

export function isEdge({ name }: Pick<ApplicationModel, 'name'>): boolean {
  return name === edgeName;
}

/** What fleet.yaml says of proxies. */
export function ingressOf(applications: readonly ApplicationModel[]): object {
  if (!applications.some(isEdge)) return {};
  return { ingress: { driver: 'haproxy', service: `${edgeName}/${proxyName}` } };
}

/** The configuration of the proxies has a backend for whatever may be exposed. */
export function proxyConfigs(application: Pick<ApplicationModel, 'name'>): object {
  if (!isEdge(application)) return {};
  const backends = applicationNames.flatMap((name) => [`${name}:web`, `${name}:side`]);
  const config = [
    'frontend web',
    '  use_backend %[var(txn.route),map_beg(/etc/haproxy/routes.map)]',
    ...backends.map((backend) => `backend ${backend}`),
  ];
  return { configs: { haproxy: { content: `${config.join('\n')}\n` } } };
}

export function configsOf({ name }: ServiceModel): object {
  if (name !== proxyName) return {};
  return { configs: [{ source: 'haproxy', target: '/usr/local/etc/haproxy/haproxy.cfg' }] };
}

/** Least of what the limit of an exposed service may be: with it, the service is exposed no more. */
const unexposedMemory = 64;

/** Where its requests come in. Nothing is drawn for it: other changes of the service change it too. */
export function exposeOf(application: string, service: ServiceModel): object {
  const { name, isExposed, kind, gate, memory, parallelism, monitorS } = service;
  const isPublished = kind === 'port' || gate === 'http' || gate === 'tcp';
  const isMeantToEnd = kind === 'job' || kind === 'task';
  if (isExposed !== true || !isPublished || isMeantToEnd || memory === unexposedMemory) return {};
  const path = parallelism === 2 ? '/two' : '/';
  const host = `${name}.${application}.test`;
  return { expose: { host, path, port: 8080, drainTimeout: `${monitorS - 3}s` } };
}
