import type { KeyLife } from './key-lives.ts';

/** The rows of our own keys. */
export const extensionLives: readonly KeyLife[] = [
  {
    key: 'x-fleetwright.autoscale',
    before: ['x-fleetwright: { autoscale: { min: 1, max: 2, cpu: 70% } }'],
    after: ['x-fleetwright: { autoscale: { min: 1, max: 3, cpu: 60% } }'],
  },
  {
    key: 'x-fleetwright.drift',
    before: ['x-fleetwright: { drift: { ignore: [{ path: hostname, reason: a }] } }'],
    after: ['x-fleetwright: { drift: { ignore: [{ path: hostname, reason: b }] } }'],
  },
  {
    key: 'x-fleetwright.expose',
    before: ['ports: ["8080"]', 'x-fleetwright: { expose: { host: a.example.com, port: 8080 } }'],
    after: ['ports: ["8080"]', 'x-fleetwright: { expose: { host: b.example.com, port: 8080 } }'],
  },
  {
    key: 'x-fleetwright.expose.internal',
    before: internal('true'),
    after: internal('{ host: web }'),
  },
  {
    key: 'x-fleetwright.expose.proof',
    before: proven('record'),
    after: proven('fail'),
  },
  {
    key: 'x-fleetwright.gate',
    before: ['ports: ["8080"]', 'x-fleetwright: { gate: { http: { port: 8080, path: /a } } }'],
    after: ['ports: ["8080"]', 'x-fleetwright: { gate: { http: { port: 8080, path: /b } } }'],
  },
  {
    key: 'x-fleetwright.gate.http.port',
    before: ['x-fleetwright: { gate: { http: { port: 8080 } } }'],
    after: ['x-fleetwright: { gate: { http: { port: 8081 } } }'],
  },
  {
    key: 'x-fleetwright.gate.tcp.port',
    before: ['x-fleetwright: { gate: { tcp: { port: 8080 } } }'],
    after: ['x-fleetwright: { gate: { tcp: { port: 8081 } } }'],
  },
  {
    key: 'x-fleetwright.image',
    before: ['x-fleetwright: { image: { tagMoved: report } }'],
    after: ['x-fleetwright: { image: { tagMoved: roll } }'],
  },
  {
    key: 'x-fleetwright.onChange',
    before: ['configs: [conf]', 'x-fleetwright: { onChange: recreate }'],
    after: ['configs: [conf]', 'x-fleetwright: { onChange: restart }'],
    top: 'configs: { conf: { content: hello } }\n',
  },
  {
    key: 'x-fleetwright.priority',
    before: ['x-fleetwright: { priority: 100 }'],
    after: ['x-fleetwright: { priority: 900 }'],
  },
  {
    key: 'x-fleetwright.replaceAfter',
    before: ['x-fleetwright: { replaceAfter: 1m }'],
    after: ['x-fleetwright: { replaceAfter: never }'],
  },
  {
    key: 'x-fleetwright.rollout',
    before: ['x-fleetwright: { rollout: { attempts: 1 } }'],
    after: ['x-fleetwright: { rollout: { attempts: 2 } }'],
  },
  {
    key: 'x-fleetwright.singleton',
    before: ['x-fleetwright: { singleton: true }'],
    after: ['x-fleetwright: { singleton: false }'],
  },
];

function proven(onFailure: string): readonly string[] {
  const proof = `{ url: "http://192.0.2.80", onFailure: ${onFailure} }`;
  return [
    'ports: ["8080"]',
    `x-fleetwright: { expose: { host: a.example.com, port: 8080, proof: ${proof} } }`,
  ];
}

function internal(name: string): readonly string[] {
  return [
    'ports: ["8080"]',
    `x-fleetwright: { expose: { host: a.example.com, port: 8080, internal: ${name} } }`,
  ];
}
