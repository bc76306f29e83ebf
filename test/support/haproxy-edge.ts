import { edgeManifest } from './ingress-fleet.ts';
import { proxyImage } from './proxy-image.ts';

/** Finds the backend of a request by what `expose` says. */
const routedFrontend = `
  http-request set-var(txn.path) path
  http-request set-var(txn.route) req.hdr(host),field(1,:),lower,concat(,txn.path,/)
  use_backend %[var(txn.route),map_beg(/etc/haproxy/routes.map)]`;

/** Parts of a configuration; each begins with a line break, and ends without one. */
interface HaproxyParts {
  /** Lines about retries. */
  readonly retries: string;
  /** Lines that choose the backend; by what `expose` says when left out. */
  readonly frontend?: string;
  /** Whole sections. */
  readonly backends: string;
}

/** The configuration of an HAProxy that listens on port 8000, and takes commands. */
export function haproxyConfiguration({
  retries,
  frontend = routedFrontend,
  backends,
}: HaproxyParts): string {
  return `
global
  stats socket ipv4@127.0.0.1:9999 level admin
defaults ingress
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s${retries}
frontend web from ingress
  bind :8000
  monitor-uri /proxy${frontend}${backends}
`;
}

/**
 * The manifest of HAProxies, whose configuration is in `haproxy.cfg` beside it.
 *
 * @param service what is other than in edgeManifest()
 */
export function haproxyEdge(service: object = {}): object {
  const configs = { proxy: { file: './haproxy.cfg' }, routes: { content: '# told at run time\n' } };
  const own = {
    image: proxyImage,
    configs: [
      { source: 'proxy', target: '/etc/haproxy/haproxy.cfg' },
      { source: 'routes', target: '/etc/haproxy/routes.map' },
    ],
  };
  return { configs, ...edgeManifest('haproxy', { ...own, ...service }) };
}
