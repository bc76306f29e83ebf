import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { readSettings } from '../../src/cli/settings.ts';
import { formatListenAddress } from '../../src/server/listen-address.ts';
import { parseDuration } from '../../src/manifest/scalars/duration.ts';
import { loadWeb } from '../support/load-files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const schemaFiles = readdirSync(join(root, 'schemas')).filter((file) =>
  file.endsWith('.schema.json'),
);
const examples = readdirSync(join(root, 'example-repo'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => `example-repo/${file}`);

interface Schema {
  readonly 'x-ignored'?: string;
  readonly $id?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

function readSchema(file: string): Schema {
  return JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8')) as Schema;
}

/** As an editor reads it: our own keywords say nothing, and no other schema is at hand. */
function createEditor(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false });
  return ajv.addVocabulary(['x-change', 'x-expected', 'x-unsupported', 'x-ignored']);
}

/** Every schema within a schema, with its JSON pointer. */
function schemasWithin(value: unknown, pointer = ''): readonly (readonly [string, Schema])[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([key, child]) =>
    schemasWithin(child, `${pointer}/${key}`),
  );
  const isTable = /(^|\/)(properties|patternProperties|\$defs)$/.test(pointer);
  return isTable || Array.isArray(value) ? below : [[pointer, value], ...below];
}

describe.each(schemaFiles)('%s', (file) => {
  const schema = readSchema(file);

  it('is named by its $id and compiles by itself', () => {
    expect(schema.$id).toBe(`https://fleetwright.dev/schemas/${file}`);
    expect(createEditor().compile(schema)).toBeTypeOf('function');
  });

  it('describes every object and every property, but for what is below a key without effect', () => {
    const ignored = schemasWithin(schema).flatMap(([pointer, part]) =>
      part['x-ignored'] === undefined ? [] : [pointer],
    );
    const silent = schemasWithin(schema)
      .filter(([pointer, { type, properties }]) => {
        const isProperty = /\/(properties|\$defs)\/[^/]+$/.test(pointer);
        return isProperty || properties !== undefined || type === 'object';
      })
      .filter(([, { description, $ref }]) => (description ?? $ref ?? '') === '')
      .filter(([pointer]) => !ignored.some((key) => pointer.startsWith(`${key}/`)))
      .map(([pointer]) => pointer);

    expect(silent).toEqual([]);
  });

  it('says a default only in the last sentence of a description', () => {
    const texts = schemasWithin(schema).map(([, { description = '' }]) => description);
    const misplaced = texts.filter(
      (text) => /default:/i.test(text) && !/^((?!default:).)*Default: .+\.$/i.test(text),
    );

    expect(misplaced).toEqual([]);
  });
});

describe.each(examples)('%s', (file) => {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  const name = basename(file) === 'fleet.yaml' ? 'fleet' : 'compose';

  it('names its schema on the first line, relative to itself', () => {
    const [, named = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];

    expect(basename(named)).toBe(`${name}.schema.json`);
    expect(existsSync(join(dirname(path), named))).toBe(true);
  });

  it('follows its schema', () => {
    const ajv = createEditor();

    ajv.validate(readSchema(`${name}.schema.json`), parse(text));

    expect(ajv.errors ?? []).toEqual([]);
  });
});

describe('compose.schema.json states the defaults that resolving fills in', () => {
  const { update, replicas, mode, container } = loadWeb();
  const { gate } = loadWeb(['x-fleetwright: { gate: { http: { port: 80 } } }']);
  const http = gate.probe?.kind === 'http' ? gate.probe : null;
  const tcp = loadWeb(['x-fleetwright: { gate: { tcp: { port: 80 } } }']).gate.probe;
  const schemas = new Map(schemasWithin(readSchema('compose.schema.json')));

  it.each([
    { name: 'deploy.mode', value: mode },
    { name: 'deploy.replicas', value: replicas },
    { name: 'deploy.update_config.order', value: update.order },
    { name: 'deploy.update_config.parallelism', value: update.parallelism },
    { name: 'deploy.update_config.delay', value: update.delayMs },
    { name: 'deploy.update_config.monitor', value: update.monitorMs },
    { name: 'deploy.update_config.failure_action', value: update.failureAction },
    { name: 'deploy.update_config.max_failure_ratio', value: update.maxFailureRatio },
    { name: 'service.restart', value: container.restart.name },
    { name: 'service.x-fleetwright.gate.minHealthyTime', value: gate.minHealthyTimeMs },
    { name: 'service.x-fleetwright.gate.healthyDeadline', value: gate.healthyDeadlineMs },
    { name: 'service.x-fleetwright.gate.http.path', value: http?.path },
    { name: 'service.x-fleetwright.gate.http.interval', value: http?.intervalMs },
    { name: 'service.x-fleetwright.gate.http.timeout', value: http?.timeoutMs },
    { name: 'service.x-fleetwright.gate.tcp.interval', value: tcp?.intervalMs },
    { name: 'service.x-fleetwright.gate.tcp.timeout', value: tcp?.timeoutMs },
  ])('$name', ({ name, value }) => {
    const schema = schemas.get(`/$defs/${name.replaceAll('.', '/properties/')}`);
    const [, stated = ''] = /Default: ([^,]+)[,.]/.exec(schema?.description ?? '') ?? [];
    const duration = parseDuration(stated);
    const number = duration.ok ? duration.value : Number(stated);

    expect(typeof value === 'number' ? number : stated).toBe(value);
  });
});

it('docs/configuration.md names every environment variable that readSettings() reads', () => {
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
  const names = [...page.matchAll(/`(FLEETWRIGHT_\w+)`/g)].map(([, name = '']) => name);
  const choices = new Map([
    ['FLEETWRIGHT_HISTORY_BUDGET', '7000000'],
    ['FLEETWRIGHT_LISTEN', '7s:7'],
    ['FLEETWRIGHT_LOG_LEVEL', 'warn'],
    ['FLEETWRIGHT_NON_FAST_FORWARD', 'allow'],
    ['FLEETWRIGHT_PLAN_REQUIRE_APPROVED', 'true'],
    ['FLEETWRIGHT_SUBMODULES', '/7s'],
    ['FLEETWRIGHT_TOKEN_SCHEME', 'bearer'],
  ]);
  // Each says in place of FLEETWRIGHT_SEMVER what is followed.
  const others = ['FLEETWRIGHT_BRANCH', 'FLEETWRIGHT_TAG', 'FLEETWRIGHT_COMMIT'];
  const variables = names
    .filter((name) => !others.includes(name))
    .map((name) => [name, choices.get(name) ?? '7s']);

  const {
    ref,
    webhooks,
    submodules,
    source: _source,
    ...rest
  } = readSettings({}, Object.fromEntries(variables));

  const { kind: _, ...said } = ref;
  const listen = webhooks === null ? '' : formatListenAddress(webhooks.listen);
  const { kind: __, ...allowed } = submodules.rule;
  const settings = leavesOf({
    ...rest,
    ...said,
    ...allowed,
    listen,
    secretFile: webhooks?.secretFile,
  });
  const isSaid = /(7s|^7s:7|^7000(000)?|^warn|^allow|^bearer|^true)$/;
  expect(settings.filter((value) => !isSaid.test(String(value)))).toEqual([]);
  expect(settings).toHaveLength(variables.length);
  expect(names).toEqual(expect.arrayContaining(others));
  for (const name of others) {
    const other = readSettings({}, { FLEETWRIGHT_REPOSITORY: 'x', [name]: '7s' }).ref;
    expect(leavesOf(other)).toContain('7s');
  }
});

/** Every value within a value that has none within itself. */
function leavesOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap(leavesOf)
    : [value];
}
