/**
 * A large repository: the cold load of all its manifests, and the load of the next commit, which touches one of them:
 * `npm run bench:load -- --manifests 10000`. The files are in memory, so that nothing but the manifest room is measured.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';

import type { TreeEntry } from '../src/model/tree.ts';
import type { ParseCache } from '../src/manifest/load.ts';
import type * as LoadRevisionModule from '../src/reconcile/load-revision.ts';
import { middle } from './measure.ts';

const { values } = parseArgs({
  options: {
    manifests: { type: 'string', default: '10000' },
    commits: { type: 'string', default: '20' },
  },
});

/** What is shipped, since threads cannot run TypeScript. */
const built = new URL('../dist/reconcile/load-revision.js', import.meta.url).href;
const { loadAll } = (await import(built)) as typeof LoadRevisionModule;

const manifests = Number(values.manifests);
const commits = Number(values.commits);
const entries = new Map<string, TreeEntry>();
const contents = new Map<string, Uint8Array>();
const cache: ParseCache = new Map();

put('fleet.yaml', 'name: bench\nhosts:\n  - { name: host-1, endpoint: "tcp://192.0.2.1:2376" }\n');
for (let index = 0; index < manifests; index += 1) put(pathOf(index), manifestOf(index, 1));
const bytes = [...contents.values()].reduce((sum, { length }) => sum + length, 0);

const before = process.memoryUsage().rss;
const cold = await load();
const grown = process.memoryUsage().rss - before;
const warm: number[] = [];
for (let commit = 1; commit <= commits; commit += 1) {
  put(pathOf(commit), manifestOf(commit, 1 + commit));
  warm.push(await load());
}
const next = middle(warm);
say('manifests', `${manifests} (${mebibytes(bytes)} MiB)`);
say('cold load', `${(cold / 1000).toFixed(2)} s, memory grows by ${mebibytes(grown)} MiB`);
say(
  'next commit',
  `${next.toFixed(0)} ms (median of ${commits}), ${percent(next / cold)} of the cold load`,
);

/** Milliseconds that a load takes; it fails when anything is wrong with a manifest. */
async function load(): Promise<number> {
  const began = performance.now();
  const { applications, diagnostics } = await loadAll(
    { entries, root: '', key: Buffer.of(), fleetRequired: true },
    (path) => Promise.resolve(contents.get(path) ?? new Uint8Array()),
    cache,
  );
  const ms = performance.now() - began;
  const [wrong] = diagnostics;
  if (applications.length === manifests && wrong === undefined) return ms;
  throw new Error(`${applications.length} of ${manifests} are valid: ${wrong?.message ?? ''}`);
}

function put(path: string, text: string): void {
  const content = Buffer.from(text);
  const oid = createHash('sha1').update(content).digest('hex');
  entries.set(path, { path, kind: 'file', oid });
  contents.set(path, content);
}

function pathOf(index: number): string {
  return `apps/team-${index % 100}/app-${index}/compose.yaml`;
}

/** About as long, and with as many kinds of keys, as manifests are that people write. */
function manifestOf(index: number, version: number): string {
  const service = (name: string, port: number): string => `  ${name}:
    image: registry.example.com/team-${index % 100}/${name}:${version}.4.1
    command: ["serve", "--listen", ":${port}", "--level", "info"]
    environment:
      DATABASE_URL: "postgres://db.example.com:5432/app_${index}"
      CACHE_URL: "redis://cache.example.com:6379/${index % 16}"
      FEATURES: "search,export,import,reports"
    ports: ["${port}"]
    volumes: ["${name}-data:/var/lib/${name}"]
    networks: [backend]
    healthcheck:
      test: ["CMD", "wget", "-q", "-O", "-", "http://localhost:${port}/ready"]
      interval: 10s
      timeout: 2s
    deploy:
      replicas: ${1 + (index % 4)}
      resources: { limits: { memory: 256M } }
      update_config: { parallelism: 1, monitor: 10s }
`;
  return `# Application ${index} of team ${index % 100}: whom to call is in the wiki.
name: app-${index}
services:
${service('web', 8080)}${service('worker', 9090)}networks:
  backend: {}
volumes:
  web-data: {}
  worker-data: {}
`;
}

function mebibytes(number: number): string {
  return (number / 1024 ** 2).toFixed(1);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function say(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(14)}${text}\n`);
}
