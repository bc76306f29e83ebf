import type { ServiceSpec } from '../model/application.ts';
import { boundMounts } from '../model/delivered.ts';
import { liveStamps } from '../model/file-stamps.ts';
import { containerNameOf, label, selfLabel } from '../model/labels.ts';
import type { CommitSha } from '../model/names.ts';
import type { Action, StepOutcome } from '../model/step.ts';
import { attach, resolveNetwork } from './attach-network.ts';
import { checkGuard, inspectContainer } from './container-guard.ts';
import { isBuiltInNetwork } from '../model/built-in-network.ts';
import { createBody, laterNetworks } from './create-body.ts';
import { enginePath } from './engine-path.ts';
import { isStatus } from './engine-error.ts';
import { withMountedFiles } from './mounted-files.ts';
import { containerRefusal } from '../model/needed-versions.ts';
import type { StepRun } from './step-run.ts';
import { done, failed, skipped } from './step-run.ts';
import type { WireContainer } from './wire.ts';

type ActionOf<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;

/**
 * Creates an instance under its deterministic name. A name that is taken is taken by an earlier try of this very step,
 * which is adopted, or by a stranger, which is left alone.
 */
export async function createContainer(
  run: StepRun,
  action: ActionOf<'create-container'>,
  commit: CommitSha,
): Promise<StepOutcome> {
  const { identity, service } = action;
  const name = containerNameOf(identity, service);
  const { name: host } = run.context.host;
  const { apiVersion } = run.context.client;
  const tooOld = containerRefusal(service.container, host, apiVersion);
  if (tooOld !== null) {
    return failed('revision', 'EngineTooOld', `Cannot create container "${name}": ${tooOld}`);
  }
  const networks = await resolveNetworks(run, service);
  if (networks.kind === 'refused') return networks.outcome;
  const { image } = service.container;
  const files = boundMounts(service.container);
  const told = liveStamps(service.container);
  const refused = await withMountedFiles(run, { name, image, told }, files, (mounts) =>
    createOrAdopt(run, action, commit, mounts),
  );
  if (refused !== null) return refused;
  return attachLater(run, name, service, networks.ids);
}

/** Null when the container is there, made now or by an earlier try; else why not. */
async function createOrAdopt(
  run: StepRun,
  { identity, service }: ActionOf<'create-container'>,
  commit: CommitSha,
  fileMounts: readonly object[],
): Promise<StepOutcome | null> {
  const name = containerNameOf(identity, service);
  const { apiVersion } = run.context.client;
  const { address } = run.context.host;
  try {
    await run.mutate({
      what: `create container "${name}"`,
      method: 'POST',
      path: '/containers/create',
      query: { name },
      body: createBody(service, identity, { apiVersion, commit, address, fileMounts }),
    });
  } catch (error) {
    if (!isStatus(error, 409)) return refineCreateError(error, run, name, service);
    const holder = await inspectContainer(run, name, name);
    if (holder?.Config?.Labels?.[label.self] !== selfLabel(identity)) {
      return nameConflict(run, name, holder);
    }
  }
  return null;
}

/**
 * Starts a container; before a first start its networks are completed, in case the create was cut short between two
 * calls.
 */
export async function startContainer(
  run: StepRun,
  action: ActionOf<'start-container'>,
): Promise<StepOutcome> {
  const { guard, name, service } = action;
  const check = await checkGuard(run, guard, name);
  if (check.kind === 'gone') return skipped(`container "${name}" is gone`);
  if (check.kind === 'broken') return skipped(check.reason);
  if (service !== null && check.state === 'created') {
    const prepared = await prepareStart(run, check.container, service);
    if (prepared.kind !== 'done') return prepared;
  }
  await run.mutate({
    what: `start container "${name}"`,
    method: 'POST',
    path: enginePath`/containers/${guard.id}/start`,
  });
  return done;
}

async function prepareStart(
  run: StepRun,
  container: WireContainer,
  service: ServiceSpec,
): Promise<StepOutcome> {
  const attached = container.NetworkSettings?.Networks ?? {};
  const later = laterNetworks(service.container, run.context.client.apiVersion);
  if (later.some(({ network }) => attached[network] === undefined)) {
    const networks = await resolveNetworks(run, service);
    if (networks.kind === 'refused') return networks.outcome;
    const outcome = await attachLater(run, container.Id, service, networks.ids);
    if (outcome.kind !== 'done') return outcome;
  }
  return done;
}

type ResolvedNetworks =
  | { readonly kind: 'found'; readonly ids: ReadonlyMap<string, string> }
  | { readonly kind: 'refused'; readonly outcome: StepOutcome };

/** The engine accepts an unknown network at create and fails at the start: better to say it before anything exists. */
async function resolveNetworks(run: StepRun, service: ServiceSpec): Promise<ResolvedNetworks> {
  const ids = new Map<string, string>();
  for (const { network } of service.container.networks) {
    if (isBuiltInNetwork(network)) continue;
    const resolved = await resolveNetwork(run, network);
    if (resolved.kind === 'refused') return resolved;
    ids.set(network, resolved.id);
  }
  return { kind: 'found', ids };
}

async function attachLater(
  run: StepRun,
  idOrName: string,
  service: ServiceSpec,
  ids: ReadonlyMap<string, string>,
): Promise<StepOutcome> {
  const later = laterNetworks(service.container, run.context.client.apiVersion);
  if (later.length === 0) return done;
  const container = await inspectContainer(run, idOrName, idOrName);
  if (container === null) return skipped(`container "${idOrName}" is gone`);
  for (const attachment of later) {
    const id = ids.get(attachment.network) ?? attachment.network;
    await attach(run, container, id, attachment);
  }
  return done;
}

/** A missing image is the one refusal of a create that the engine words without saying what was to be created. */
function refineCreateError(
  error: unknown,
  run: StepRun,
  name: string,
  service: ServiceSpec,
): StepOutcome {
  if (!isStatus(error, 404)) throw error;
  const { image, mounts } = service.container;
  // The engine does not say which.
  const mounted = mounts.flatMap((mount) => (mount.type === 'image' ? [mount.source] : []));
  const images = [image, ...mounted].map((each) => `"${each}"`).join(' or ');
  const message = `Cannot create container "${name}": image ${images} is not on host "${run.context.host.name}"`;
  return failed('revision', 'ImageNotFound', message);
}

function whose({ Config: config }: WireContainer): string {
  const { [label.application]: application, [label.service]: service } = config?.Labels ?? {};
  if (application === undefined) return 'not ours: remove or rename it';
  return `of service "${service}" of application "${application}": choose another container_name`;
}

function nameConflict(run: StepRun, name: string, holder: WireContainer | null): StepOutcome {
  const who =
    holder === null
      ? 'the name is still taken by a container that is being removed'
      : `the name is taken by container ${holder.Id.slice(0, 12)} (image "${holder.Config?.Image ?? ''}"), which is ${whose(holder)}`;
  const message = `Cannot create container "${name}" on host "${run.context.host.name}": ${who}`;
  return failed('capacity', 'NameConflict', message);
}
