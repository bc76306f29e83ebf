/** Port of the proxies on their hosts. */
export const proxyPort = 8000;
export const site = 'shop.example.com';
export const replicas = 6;
export const fewReplicas = 2;

/**
 * What all sides have in front: a request that reaches nobody goes to another instance; what an instance has begun is not
 * repeated.
 *
 * @param frontend lines of the frontend that choose the backend
 */
export function proxyConfiguration(frontend: string, backend: string, more = ''): string {
  return `
global
  stats socket ipv4@127.0.0.1:9999 level admin
defaults ingress
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  option redispatch 1
  retries 3
  retry-on conn-failure
${more}
frontend web from ingress
  bind :${proxyPort}
  monitor-uri /proxy
${frontend}
${backend}
`;
}

/** A proxy that finds out by itself who is well, as fast as it is asked: every half second. */
export const ownChecks = 'check inter 500ms fall 1 rise 1';

export const healthcheck = {
  test: ['CMD', 'testapp', 'check', '/ready'],
  interval: '500ms',
  timeout: '5s',
  retries: 3,
} as const;
