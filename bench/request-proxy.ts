/** Port of the proxies on their hosts. */
export const proxyPort = 8000;
export const site = 'shop.example.com';
export const replicas = 6;
export const fewReplicas = 2;

/** On all sides: a request that reaches nobody goes to another instance; what an instance has begun is not repeated. */
export const retries = `
  option redispatch 1
  retries 3
  retry-on conn-failure`;

/** All requests go to one backend. */
export const oneBackend = `
  default_backend web`;

/** A proxy that finds out by itself who is well, as fast as it is asked: every half second. */
export const ownChecks = 'check inter 500ms fall 1 rise 1';

export const healthcheck = {
  test: ['CMD', 'testapp', 'check', '/ready'],
  interval: '500ms',
  timeout: '5s',
  retries: 3,
} as const;
