/** The threads that load many manifests are those of the compiled program. */
import { createHash } from 'node:crypto';

import { expect, it } from 'vitest';

import { loadManifests } from '../../src/manifest/load.ts';
import type { CacheEntry } from '../../src/manifest/parse-cache.ts';
import type { TreeEntry } from '../../src/model/tree.ts';
import type * as LoadAheadModule from '../../src/reconcile/load-ahead.ts';
import { testKey } from '../support/load-files.ts';

const dist = new URL('../../dist/', import.meta.url);
const { loadAhead } = (await import(
  new URL('reconcile/load-ahead.js', dist).href
)) as typeof LoadAheadModule;

const entries = new Map<string, TreeEntry>();
const contents = new Map<string, Uint8Array>();

function put(path: string, text: string): void {
  const content = Buffer.from(text);
  const oid = createHash('sha1').update(content).digest('hex');
  entries.set(path, { path, kind: 'file', oid });
  contents.set(path, content);
}

/** One in ten is wrong, and one in ten includes a file that no thread gets. */
function manifestOf(index: number): string {
  if (index % 10 === 3) return 'services: { web: { imag: app } }\n';
  const include = index % 10 === 7 ? 'include: [../shared/part.yaml]\n' : '';
  return `${include}services:\n  web:\n    image: app:\${TAG}\n    ports: ["80"]\n    env_file: web.env\n`;
}

put(
  'fleet.yaml',
  'hosts: [{ name: h, endpoint: "tcp://192.0.2.1:2376" }]\nvariables: { TAG: v7 }\n',
);
put('apps/shared/part.yaml', 'services: { side: { image: side } }\n');
for (let index = 0; index < 700; index += 1) {
  put(`apps/app-${index}/compose.yaml`, manifestOf(index));
  put(`apps/app-${index}/web.env`, `NUMBER=${index}\n`);
}
it('many manifests come out of threads as they do without them', async () => {
  const cache = new Map<string, CacheEntry>();
  const manifests = [...contents].filter(([path]) => /(compose|fleet)\.yaml$/.test(path));
  const input = { entries, root: '', key: testKey, fleetRequired: true };
  const read = (path: string): Promise<Uint8Array> =>
    Promise.resolve(contents.get(path) ?? new Uint8Array());

  await loadAhead({ ...input, contents: new Map(manifests) }, read, cache);

  expect(cache.size).toBeGreaterThanOrEqual(630);
  const expected = loadManifests({ ...input, contents }, new Map());
  expect(expected).toMatchObject({ kind: 'loaded', found: { length: 700 } });
  expect(loadManifests({ ...input, contents }, cache)).toEqual(expected);
});
