/** Reference pages from the descriptions in the schemas. */
import { dereference, readSchema, type Schema } from './generate-schema.ts';
import { escapeMarkdown, splitDefault, table, typeInWords } from './generate-words.ts';

interface Page {
  readonly file: string;
  readonly title: string;
  /** Name of the schema. */
  readonly schema: string;
  /**
   * Headings of the tables, by the path of the object whose keys they list; the empty path is the top level. Paths of one
   * heading hold the same object, and it is shown at the first.
   */
  readonly levels: ReadonlyMap<string, string>;
  /** Columns after the first one. */
  readonly columns: readonly Column[];
  /** What the schema cannot say, as a paragraph of Markdown, or empty. */
  readonly notes: string;
}

interface Column {
  readonly head: string;
  readonly cell: (key: Key) => string;
}

/** A key of a document, at any depth. */
interface Key {
  /** From the top: `services.NAME.ports[].target`. */
  readonly path: string;
  /** Path of the level in whose table it stands. */
  readonly level: string;
  readonly schema: Schema;
  readonly type: string;
  /** What a change of it does, as far as it or what it stands in says so. */
  readonly change: Schema['x-change'];
  /** Heading of the table that lists what is below it, or empty. */
  readonly see: string;
}

/** What stands below a level, and the level itself. */
interface Content {
  readonly keys: Key[];
  readonly objects: Map<string, Schema>;
}

const baseColumns: readonly Column[] = [
  { head: 'type', cell: ({ type }) => type },
  { head: 'default', cell: ({ schema }) => escapeMarkdown(described(schema).default) },
  { head: 'description', cell: describeKey },
];

/** What a change of a key does, in words. */
const changes = { replace: 'replaces', update: 'in place', none: 'nothing' } as const;

const pages: readonly Page[] = [
  {
    file: 'manifest.md',
    title: 'The manifest',
    schema: 'compose',
    levels: new Map([
      ['', 'Top level'],
      ['x-fleetwright', 'Application: x-fleetwright'],
      ['services.NAME', 'Service'],
      ['services.NAME.healthcheck', 'Healthcheck'],
      ['services.NAME.ports[]', 'Port'],
      ['services.NAME.volumes[]', 'Mount'],
      ['services.NAME.deploy', 'Deploy'],
      ['services.NAME.x-fleetwright', 'Service: x-fleetwright'],
      ['services.NAME.x-fleetwright.rollout', 'Rollout'],
      ['x-fleetwright.rollout', 'Rollout'],
      ['networks.NAME', 'Network'],
      ['volumes.NAME', 'Volume'],
      ['configs.NAME', 'Config'],
    ]),
    columns: [
      ...baseColumns,
      { head: 'a change', cell: ({ change }) => (change === undefined ? '' : changes[change]) },
    ],
    notes:
      'What a change of a key does to the instances: *replaces* rolls out others in their place; *in place* changes them while they run, `parallelism` at once, but a limit that is set where none was, or removed, replaces them, since the engine cannot lift a limit (but the one on processes); *nothing* lets them run on. A duration is a number with a unit, or several: `250ms`, `10s`, `1m30s`; the units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d` and `w`. Any value may hold variables, `${NAME}` or `${NAME:-default}`, from `fleet.yaml` and from a `.env` file beside the manifest; `$$` is a dollar sign.',
  },
  {
    file: 'fleet.md',
    title: 'fleet.yaml',
    schema: 'fleet',
    levels: new Map([
      ['', 'Top level'],
      ['hosts[]', 'Host'],
    ]),
    columns: baseColumns,
    notes: '',
  },
  {
    file: 'configuration.md',
    title: 'Configuration of the operator',
    schema: 'operator',
    levels: new Map([
      ['', 'Keys'],
      ['notifications[]', 'Receiver'],
    ]),
    columns: [
      {
        head: 'flag',
        cell: ({ path, schema }) => spelling(path, schema, `--${wordsOf(path).join('-')}`),
      },
      {
        head: 'environment',
        cell: ({ path, schema }) =>
          spelling(path, schema, `FLEETWRIGHT_${wordsOf(path).join('_').toUpperCase()}`),
      },
      ...baseColumns,
    ],
    notes:
      'Which keys go together for a repository over SSH or http(s), with examples: [repositories.md](repositories.md).',
  },
];

/** How a key is spelt where only a text can be said. */
function spelling(path: string, { type }: Schema, text: string): string {
  const isText = type !== 'object' && type !== 'array' && /^\w+$/.test(path);
  return isText ? `\`${text}\`` : 'in the file only';
}

/** The pages, by file name. */
export function generateDocs(): ReadonlyMap<string, string> {
  return new Map(pages.map((page) => [page.file, renderPage(page)]));
}

function renderPage(page: Page): string {
  const document = readSchema(page.schema);
  const content: Content = { keys: [], objects: new Map() };
  collect(content, { page, document }, document, '', '', undefined);
  const sections = [...page.levels]
    .filter(([, heading], at, all) => all.findIndex(([, other]) => other === heading) === at)
    .map(([path, heading]) => renderLevel(page, path, heading, content));
  const parts = [
    `<!-- Generated by \`npm run gen\` from schemas/${page.schema}.schema.json. Do not edit. -->`,
    `# ${page.title}`,
    escapeMarkdown(document.description ?? ''),
    `For completion in an editor, run \`fleetwright schema ${page.schema} > ${page.schema}.schema.json\` and put \`# yaml-language-server: $schema=${page.schema}.schema.json\` (the path of that file) on the first line.`,
    ...(page.notes === '' ? [] : [page.notes]),
    ...sections,
    ...renderRefused(content.keys),
  ];
  return `${parts.join('\n\n')}\n`;
}

interface Walk {
  readonly page: Page;
  readonly document: Schema;
}

/** Collects the keys of an object and of all below it, in the order of the schema. */
function collect(
  content: Content,
  walk: Walk,
  object: Schema,
  path: string,
  level: string,
  around: Schema['x-change'],
): void {
  content.objects.set(path, object);
  const { page, document } = walk;
  for (const [name, written] of Object.entries(object.properties ?? {})) {
    const schema = dereference(document, written);
    const below = isRefused(schema) ? null : objectBelow(document, schema);
    const at = path === '' ? name : `${path}.${name}`;
    const belowPath = `${at}${below?.suffix ?? ''}`;
    const see = below === null ? '' : (page.levels.get(belowPath) ?? '');
    const isRequired = object.required?.includes(name) === true;
    const type = `${typeInWords(document, written)}${isRequired ? ', required' : ''}`;
    const change = schema['x-change'] ?? around;
    content.keys.push({ path: at, level, schema, type, change, see });
    if (below === null) continue;
    collect(content, walk, below.schema, belowPath, see === '' ? level : belowPath, change);
  }
}

/** The object with keys of its own that a value is, holds in a list, or holds under names of the user's choice. */
function objectBelow(
  document: Schema,
  schema: Schema,
): { readonly suffix: string; readonly schema: Schema } | null {
  if (schema.properties !== undefined) return { suffix: '', schema };
  const { items = {}, additionalProperties: values } = schema;
  const candidates = [
    { suffix: '[]', schema: dereference(document, items) },
    { suffix: '.NAME', schema: dereference(document, typeof values === 'object' ? values : {}) },
  ];
  return candidates.find((each) => each.schema.properties !== undefined) ?? null;
}

function renderLevel(page: Page, path: string, heading: string, content: Content): string {
  const rows = content.keys
    .filter((key) => key.level === path && !isRefused(key.schema))
    .map((key) => [
      `\`${path === '' ? key.path : key.path.slice(path.length + 1)}\``,
      ...page.columns.map(({ cell }) => cell(key)),
    ]);
  const lead =
    path === ''
      ? []
      : [`\`${path}\`: ${escapeMarkdown(content.objects.get(path)?.description ?? '')}`];
  return [
    `## ${heading}`,
    ...lead,
    table(['key', ...page.columns.map(({ head }) => head)], rows),
  ].join('\n\n');
}

function renderRefused(keys: readonly Key[]): readonly string[] {
  const list = (keyword: 'x-unsupported' | 'x-ignored', head: string): string =>
    table(
      ['key', 'meaning', head],
      keys
        .filter(({ schema }) => schema[keyword] !== undefined)
        .map(({ path, schema }) => [
          `\`${path}\``,
          escapeMarkdown(schema.description ?? ''),
          escapeMarkdown(schema[keyword] ?? ''),
        ]),
    );
  if (!keys.some(({ schema }) => isRefused(schema))) return [];
  return [
    '## Not supported yet',
    'A manifest with one of these keys is refused, at the position of the key.',
    list('x-unsupported', 'instead'),
    '## Accepted without effect',
    '`fleetwright validate --verbose` notes each of them. Keys that start with `x-` are left to other tools and to YAML anchors.',
    list('x-ignored', 'why'),
  ];
}

function describeKey({ schema, see }: Key): string {
  const text = escapeMarkdown(described(schema).text);
  const anchor = see
    .toLowerCase()
    .replaceAll(/[^a-z -]/g, '')
    .replaceAll(' ', '-');
  return see === '' ? text : `${text} See [${see}](#${anchor}).`;
}

function described(schema: Schema): ReturnType<typeof splitDefault> {
  return splitDefault(schema.description ?? '');
}

function isRefused(schema: Schema): boolean {
  return schema['x-unsupported'] !== undefined || schema['x-ignored'] !== undefined;
}

/** `token` and `file` of `tokenFile`. */
function wordsOf(key: string): readonly string[] {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(' ');
}
