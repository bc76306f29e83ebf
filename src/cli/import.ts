import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Logger } from 'pino';

import type { Import as ImportDocument } from '../generated/import.ts';
import { noInterest } from '../model/adoption.ts';
import type { ApplicationSpec } from '../model/application.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { UsageError } from '../model/errors.ts';
import type { FleetSpec, HostSpec } from '../model/fleet.ts';
import { label } from '../model/labels.ts';
import { toHostName } from '../model/names.ts';
import type { ReachableHost, UnmanagedContainer } from '../model/observation.ts';
import { noOrigins } from '../model/origin.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { checkImport } from '../import/check-import.ts';
import type { FoundApplication } from '../import/found-application.ts';
import { composeProjects, foundContainer, foundProject } from '../import/found-application.ts';
import type { ImportedApplication } from '../import/import-application.ts';
import { importApplication } from '../import/import-application.ts';
import { parseEndpoint } from '../manifest/scalars/endpoint.ts';
import { didYouMean } from '../manifest/suggest.ts';
import { loadAll, loadRevision } from '../reconcile/load-revision.ts';
import { renderDiagnostics } from '../report/render-diagnostics.ts';
import { count } from '../report/text.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { openHosts, openRepository, readingOf } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportRefused, reportUnreachable } from './report-problems.ts';
import type { Settings } from './settings.ts';

export interface ImportFlags {
  /** As `fleet.yaml` names it. */
  readonly host?: string;
  readonly project?: readonly string[];
  readonly container?: readonly string[];
  /** The folder that gets a folder per application. */
  readonly to: string;
  /** An engine that is in no fleet. */
  readonly endpoint?: string;
}

/** Nothing is sealed or opened: what a secret holds is not read. */
const noKey = Buffer.of();

interface Imported {
  readonly found: FoundApplication;
  readonly manifest: ImportedApplication;
  readonly file: string;
  readonly warnings: readonly string[];
}

/**
 * `fleetwright import`: writes manifests from what runs on a host. Changes nothing there, and writes nothing before all of
 * it is valid.
 *
 * @param settings null when an endpoint is given instead of a fleet
 */
export async function importFromHost(
  settings: Settings | null,
  flags: ImportFlags,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  const spec =
    settings === null
      ? fleetOf(flags)
      : await readFleet(settings, flags.host, output, logger, signal);
  if (spec === null) return exitCode.negative;
  const hosts = settings ?? { credentials: null, resyncIntervalMs: 60_000 };
  await using fleet = openHosts(hosts, logger, noKey);
  const hostName = settings === null ? null : (spec.hosts[0]?.name ?? null);
  const found = await lookFor(fleet, spec, flags, output, signal);
  if (found === null) return exitCode.unreachable;
  const imported = found.applications.map((application): Imported => {
    const manifest = importApplication(application, found.host, hostName);
    const file = join(flags.to, manifest.name, 'compose.yaml');
    return { found: application, manifest, file, warnings: manifest.warnings };
  });
  refuseTwins(imported);
  const checked: Imported[] = [];
  for (const each of imported) {
    const { applications, diagnostics } = await load(each.manifest);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    const [application] = applications;
    if (errors.length > 0 || application === undefined) {
      output.error(renderDiagnostics(errors, output.noteStyle));
      output.error(`Cannot express "${each.manifest.name}" as a manifest: nothing is written`);
      return exitCode.negative;
    }
    const differences = checkImport(each.found, application, found.host);
    checked.push({ ...each, warnings: [...each.warnings, ...differences] });
  }
  for (const { file, manifest } of checked) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, manifest.text, { flag: 'wx' });
  }
  report(checked, hostName, output);
  return exitCode.done;
}

/** The fleet of a repository, with the one host that is to be looked at; null when it cannot be read. */
async function readFleet(
  settings: Settings,
  name: string | undefined,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<FleetSpec | null> {
  await using source = await openRepository(settings, logger, 'command');
  const head = await source.head(signal);
  const loaded = await loadRevision(source, head, readingOf(settings), signal);
  if (loaded.kind === 'invalid') {
    reportRefused(output, loaded.revision, loaded.diagnostics);
    return null;
  }
  const { fleet } = loaded.desired;
  const host = chooseHost(fleet.hosts, name);
  return { ...fleet, hosts: [host] };
}

function chooseHost(hosts: readonly HostSpec[], name: string | undefined): HostSpec {
  const [only, ...others] = hosts;
  const names = hosts.map((host): string => host.name);
  if (name === undefined && only !== undefined && others.length === 0) return only;
  const host = hosts.find((each) => each.name === name);
  if (host !== undefined) return host;
  const what = name === undefined ? 'without --host' : `from host "${name}"`;
  const meant = name === undefined ? '' : didYouMean(name, names);
  throw new UsageError(`Cannot import ${what}: fleet.yaml has ${names.join(', ')}${meant}`);
}

/** A fleet of nothing but the engine that was named. */
function fleetOf({ endpoint = '', host = 'host' }: ImportFlags): FleetSpec {
  const parsed = parseEndpoint(endpoint);
  if (!parsed.ok) throw new UsageError(`Cannot use --endpoint: ${parsed.message}`);
  if (parsed.value.kind !== 'unix') {
    throw new UsageError(
      'Cannot use --endpoint: only unix:///path/to/docker.sock; name a host of a fleet for others',
    );
  }
  return {
    name: 'import',
    hosts: [
      {
        name: toHostName(host),
        endpoint: parsed.value,
        address: '127.0.0.1',
        labels: {},
        cordon: false,
        drain: false,
        origins: noOrigins,
      },
    ],
    variables: {},
    prune: { approved: [] },
    rollback: { writeBack: 'off' },
    image: { tagMoved: 'ignore', intervalMs: 300_000 },
    failure: { lostAfterMs: 300_000 },
    driftIgnore: [],
    proxies: [],
    origin: { file: 'fleet.yaml', line: 1, column: 1 },
  };
}

interface Found {
  readonly host: ReachableHost;
  readonly applications: readonly FoundApplication[];
}

/** What is to be imported; null when the host cannot be reached. Containers that others made are only listed at first. */
async function lookFor(
  fleet: Fleet,
  spec: FleetSpec,
  flags: ImportFlags,
  output: Output,
  signal: AbortSignal,
): Promise<Found | null> {
  fleet.configure(spec, noInterest);
  const listed = await observe(fleet, output, signal);
  if (listed === null) return null;
  const containers = [...listed.unmanaged, ...listed.containers];
  const singles = (flags.container ?? []).map((name) => findContainer(containers, name));
  const hasNames = flags.project !== undefined || singles.length > 0;
  const all = composeProjects(containers);
  const projects = hasNames ? (flags.project ?? []) : all;
  const unknown = projects.find((project) => !all.includes(project));
  if (unknown !== undefined || projects.length + singles.length === 0) {
    const what = unknown === undefined ? '' : ` "${unknown}"`;
    const there = all.length === 0 ? 'none' : all.join(', ');
    throw new UsageError(
      `Cannot import Compose project${what}: host "${listed.host}" has ${there}${didYouMean(unknown ?? '', all)}; --container names single ones`,
    );
  }
  const ids = singles.map(({ id }): string => id);
  fleet.configure(spec, { projects, names: [], ids });
  const host = await observe(fleet, output, signal);
  if (host === null) return null;
  const found = [
    ...projects.flatMap((project) => foundProject(project, host.containers) ?? []),
    ...host.containers.filter(({ id }) => ids.includes(id)).map(foundContainer),
  ];
  return { host, applications: found.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

async function observe(
  fleet: Fleet,
  output: Output,
  signal: AbortSignal,
): Promise<ReachableHost | null> {
  await fleet.refresh(signal);
  const [host] = [...fleet.snapshot().values()];
  if (host?.kind === 'reachable') return host;
  if (host !== undefined) reportUnreachable(output, [host]);
  return null;
}

/** By its name or the beginning of its id. */
function findContainer(
  containers: readonly Pick<UnmanagedContainer, 'id' | 'name' | 'labels'>[],
  name: string,
): Pick<UnmanagedContainer, 'id' | 'name' | 'labels'> {
  const byName = containers.find((each) => each.name === name);
  const byId = containers.filter(({ id }) => /^[0-9a-f]{4,}$/.test(name) && id.startsWith(name));
  const [container] = byName === undefined ? byId : [byName];
  if (container === undefined || (byName === undefined && byId.length > 1)) {
    const names = containers.map((each) => each.name);
    throw new UsageError(
      `Cannot import container "${name}": there is no such one${didYouMean(name, names)}`,
    );
  }
  const owner = container.labels[label.fleet];
  if (owner !== undefined) {
    throw new UsageError(
      `Cannot import container "${name}": it is of the fleet "${owner}" already`,
    );
  }
  return container;
}

/** Nothing that is there is written over, and no two applications share a folder. */
function refuseTwins(imported: readonly Imported[]): void {
  const seen = new Set<string>();
  for (const { file, manifest } of imported) {
    if (existsSync(file)) {
      throw new UsageError(`Cannot write "${file}": it exists already; nothing is written`);
    }
    if (seen.has(file)) {
      throw new UsageError(
        `Cannot import two applications named "${manifest.name}": import them one by one`,
      );
    }
    seen.add(file);
  }
}

/** What was written is read as a commit would be. */
async function load({ name, text }: ImportedApplication): Promise<{
  readonly applications: readonly ApplicationSpec[];
  readonly diagnostics: readonly Diagnostic[];
}> {
  const path = `${name}/compose.yaml`;
  const entries = new Map([[path, { path, kind: 'file' as const, oid: 'imported' }]]);
  const input = { entries, root: '', key: noKey, fleetRequired: false };
  return loadAll(input, async () => Buffer.from(text), new Map());
}

function report(imported: readonly Imported[], host: string | null, output: Output): void {
  const document: ImportDocument = {
    version: 1,
    host,
    applications: imported.map(({ found, manifest, file, warnings }) => ({
      application: manifest.name,
      file,
      containers: found.containers.map(({ container }) => container.name),
      warnings: [...warnings],
    })),
  };
  if (output.format === 'json') return output.data(toJson(document));
  for (const { application, file, containers, warnings } of document.applications) {
    const from = count(containers.length, 'container');
    output.data(`${output.style.bold(application)}  ${file}, from ${from}`);
    for (const warning of warnings) {
      output.error(`  ${output.noteStyle.yellow('warning')}: ${warning}`);
    }
  }
  output.note(
    'Read what was written, commit it, and see "fleetwright plan": nothing is adopted yet',
  );
}
