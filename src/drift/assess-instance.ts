import type { ServiceSpec } from '../model/application.ts';
import type { NetworkAttachment, OnChange } from '../model/container.ts';
import { noRestart, sameRestart } from '../model/container.ts';
import type { DriftAction, DriftClass, DriftValue } from '../model/drift.ts';
import { containerNameOf } from '../model/labels.ts';
import type { ImageDefaults } from '../model/observation.ts';
import type { FieldDifference } from './field-difference.ts';
import { compareImmutable, compareResources } from './compare-container.ts';
import type { NetworkDifference } from './compare-networks.ts';
import { compareNetworks } from './compare-networks.ts';
import { compareAlteredFiles, compareLiveFiles } from './compare-files.ts';
import type { Instance } from './identify.ts';

/** What brings a difference back, as data; rollout/heal.ts makes the step of it. */
export type Remedy =
  | { readonly kind: 'start' }
  | { readonly kind: 'unpause' }
  | { readonly kind: 'rename'; readonly to: string }
  | { readonly kind: 'connect'; readonly attachment: NetworkAttachment }
  | { readonly kind: 'disconnect'; readonly network: string }
  | { readonly kind: 'update-resources' }
  | { readonly kind: 'update-restart' }
  /** Its files are written anew, and it is told. */
  | { readonly kind: 'deliver' }
  /** Nothing in place helps: another instance takes its slot. */
  | { readonly kind: 'replace' }
  /** Nothing puts it back, or that is not for us: it is reported. */
  | { readonly kind: 'none' }
  /** It could be put back, and the commit says that it is only reported. */
  | { readonly kind: 'withheld' };

export interface Difference {
  readonly class: DriftClass;
  readonly path: string;
  readonly desired: DriftValue;
  readonly observed: DriftValue;
  readonly remedy: Remedy;
  readonly note: string;
}

/**
 * How a promoted instance differs from what its service asks for, most urgent first.
 *
 * @param image the defaults of the image on its host; without it the inherited fields cannot be judged and only the
 *   mutable ones are
 * @param before what last-known-good asked of the same version
 */
export function assessInstance(
  instance: Instance,
  service: ServiceSpec,
  image: ImageDefaults | null,
  before: ServiceSpec | null = null,
): readonly Difference[] {
  return [
    ...assessState(instance, service),
    ...assessImmutable(instance, service, image),
    ...assessFiles(instance, service),
    ...assessName(instance, service),
    ...assessNetworks(instance, service, before),
    ...assessResources(instance, service),
    ...assessLiveFiles(instance, service),
    ...assessRestart(instance, service),
  ];
}

export function actionOf(remedy: Remedy): DriftAction {
  if (remedy.kind === 'none' || remedy.kind === 'withheld') return 'report';
  return remedy.kind === 'replace' ? 'replace' : 'heal';
}

function assessState({ container }: Instance, service: ServiceSpec): readonly Difference[] {
  switch (container.state) {
    case 'running':
      return container.health === 'unhealthy'
        ? [
            {
              class: 'unhealthy',
              path: 'health',
              desired: 'healthy',
              observed: 'unhealthy',
              remedy: { kind: 'none' },
              note: 'its HEALTHCHECK fails; it is left running and reported',
            },
          ]
        : [];
    case 'restarting':
      return notRunning(
        'crash-loop',
        'restarting',
        { kind: 'none' },
        `it exited with code ${container.exitCode} and the engine restarts it`,
      );
    case 'paused':
      return notRunning('paused', 'paused', { kind: 'unpause' }, 'it is unpaused');
    case 'exited':
      return service.container.restart.name === 'no'
        ? assessFinished(container.exitCode)
        : notRunning('stopped', 'exited', { kind: 'start' }, 'it is started again');
    case 'created':
      return notRunning('stopped', 'created', { kind: 'start' }, 'it is started');
    case 'dead':
    case 'removing':
      return notRunning(
        'missing',
        container.state,
        { kind: 'replace' },
        'another instance is created',
      );
  }
}

function notRunning(
  name: DriftClass,
  observed: string,
  remedy: Remedy,
  note: string,
): readonly Difference[] {
  return [{ class: name, path: 'state', desired: 'running', observed, remedy, note }];
}

/** `restart: "no"` asks for no restart: a clean exit is what was wanted, another one is reported. */
function assessFinished(exitCode: number): readonly Difference[] {
  if (exitCode === 0) return [];
  const note = `it exited with code ${exitCode} and its restart policy is "no"`;
  return notRunning('stopped', 'exited', { kind: 'none' }, note);
}

function assessImmutable(
  instance: Instance,
  service: ServiceSpec,
  image: ImageDefaults | null,
): readonly Difference[] {
  if (instance.known || image === null) return [];
  return compareImmutable(service.container, instance.container.spec, image).map((field) => ({
    ...field,
    class: 'immutable-field',
    remedy: { kind: 'replace' },
    note: 'the engine cannot change this in place: the instance is replaced',
  }));
}

/** Who has read what was altered cannot be told, so writing it anew would not do. */
function assessFiles({ container }: Instance, service: ServiceSpec): readonly Difference[] {
  return compareAlteredFiles(service, container).map((field) => ({
    ...field,
    class: 'immutable-field',
    remedy: { kind: 'replace' },
    note: 'its files are delivered before its start: the instance is replaced',
  }));
}

/** What it was told is known, so that it can be told again. */
function assessLiveFiles(instance: Instance, service: ServiceSpec): readonly Difference[] {
  if (isOver(instance, service)) return [];
  return compareLiveFiles(service, instance.container).map(
    ({ path, desired, observed, onChange }) => ({
      class: 'mutable-field',
      path,
      desired,
      observed,
      remedy: { kind: 'deliver' },
      note: `it is written anew, and the container ${wordsOf(onChange)}`,
    }),
  );
}

function wordsOf(onChange: OnChange): string {
  return onChange.kind === 'restart' ? 'restarts' : `gets ${onChange.signal}`;
}

function assessName(instance: Instance, service: ServiceSpec): readonly Difference[] {
  const name = containerNameOf(instance.identity, service);
  // What was taken on keeps its name.
  if (instance.adopted !== undefined) return [];
  if (instance.container.name === name || isOver(instance, service)) return [];
  return [
    {
      class: 'renamed',
      path: 'container_name',
      desired: name,
      observed: instance.container.name,
      remedy: { kind: 'rename', to: name },
      note: `it gets the name "${name}"`,
    },
  ];
}

function assessNetworks(
  instance: Instance,
  service: ServiceSpec,
  before: ServiceSpec | null,
): readonly Difference[] {
  const { container, identity } = instance;
  if (isOver(instance, service)) return [];
  const asked = new Set(before?.container.networks.map(({ network }) => network));
  const own = `${identity.application}_`;
  const { networks: there } = container.spec;
  const wanted = service.container.networks.map((attachment) =>
    instance.adopted === undefined ? attachment : asItIsKnown(attachment, there, identity.service),
  );
  return compareNetworks(identity.application, wanted, there)
    .filter(({ wanted, network }) => {
      // Where somebody else has put it is none of our business.
      return wanted !== null || network.startsWith(own) || asked.has(network);
    })
    .map(({ path, desired, observed, ...difference }) => ({
      class: 'network',
      path,
      desired,
      observed,
      ...networkRemedy(difference),
    }));
}

/**
 * What was taken on keeps the names that it has: `docker run` does not give it the name of its service, and to get it the
 * container would have to be taken off the network for a moment.
 */
function asItIsKnown(
  attachment: NetworkAttachment,
  there: readonly NetworkAttachment[],
  service: string,
): NetworkAttachment {
  const own = there.find(({ network }) => network === attachment.network)?.aliases ?? [];
  const asked = attachment.aliases.filter((alias) => alias !== service);
  return { ...attachment, aliases: [...new Set([...asked, ...own])].toSorted() };
}

function networkRemedy({
  wanted,
  network,
  isOtherCard,
}: Pick<NetworkDifference, 'wanted' | 'network' | 'isOtherCard'>): Pick<
  Difference,
  'remedy' | 'note'
> {
  if (wanted === null) {
    return { remedy: { kind: 'disconnect', network }, note: 'it is taken off the network' };
  }
  if (isOtherCard) {
    const note = 'the engine cannot change a MAC address in place: it is replaced';
    return { remedy: { kind: 'replace' }, note };
  }
  const note = 'it is connected again as it is asked for';
  return { remedy: { kind: 'connect', attachment: wanted }, note };
}

/** Work that is done: with what means is of no interest any more. */
function isOver({ container }: Instance, service: ServiceSpec): boolean {
  return container.state === 'exited' && service.container.restart.name === 'no';
}

function assessResources(instance: Instance, service: ServiceSpec): readonly Difference[] {
  const { container } = instance;
  if (isOver(instance, service)) return [];
  const fields = compareResources(service.container.resources, container.spec.resources);
  return fields.map((field) => ({ ...field, class: 'mutable-field', ...resourceRemedy(field) }));
}

/** The engine takes "no limit" for "no change", so but for the one on pids a limit cannot be taken away in place. */
function resourceRemedy(field: FieldDifference): Pick<Difference, 'remedy' | 'note'> {
  const canBeLifted = field.path === 'deploy.resources.limits.pids';
  return field.desired === null && !canBeLifted
    ? {
        remedy: { kind: 'replace' },
        note: 'the engine cannot lift a limit in place: it is replaced',
      }
    : { remedy: { kind: 'update-resources' }, note: 'the limit is set in place' };
}

function assessRestart(
  { container, adopted }: Instance,
  service: ServiceSpec,
): readonly Difference[] {
  const wanted = service.container.restart;
  // `no` on an instance of our own is our mark of probation, and a promotion follows by itself.
  const isMark = adopted === undefined && sameRestart(container.restart, noRestart);
  if (sameRestart(container.restart, wanted) || isMark) return [];
  return [
    {
      class: 'mutable-field',
      path: 'restart',
      desired: wanted.name,
      observed: container.restart.name,
      remedy: { kind: 'update-restart' },
      note: 'the policy is set back in place',
    },
  ];
}
