import type { ServiceSpec } from '../model/application.ts';
import type { HostName } from '../model/names.ts';
import type { ReachableHost } from '../model/observation.ts';
import { familiarReference, findImage } from '../model/image.ts';
import { containerRefusal, networkRefusal } from '../model/needed-versions.ts';
import type { ApplicationContext } from './application-context.ts';
import { isQuarantined, isServiceProven } from './application-context.ts';
import { chooseImage } from './choose-image.ts';
import { causeOf } from './draft.ts';
import { pinnedImage } from './image-pins.ts';
import { missingNetworks } from './prepare-host.ts';
import { provenOn } from './target.ts';

/** What stands ready on the hosts before the first container is touched. */
export interface Preflight {
  /**
   * No image is missing and none is for another platform, on any host that a new revision goes to; but for hosts whose disk
   * is full, since that is no matter of the revision and the others need not wait for it.
   */
  readonly complete: boolean;
  /** Hosts on which the image of a service is present and fits, by `host service hash`. */
  readonly ready: ReadonlySet<string>;
  /** The image that each version is made from, by service and hash. */
  readonly images: ReadonlyMap<string, string>;
}

/**
 * Everything that can fail without touching what runs comes first: the engines and the images of all slots that are to be
 * made, on all their hosts. A missing one is pulled; as long as one is missing, nothing of a new revision is started or stopped.
 */
export function decidePreflight(context: ApplicationContext): Preflight {
  const ready = new Set<string>();
  const images = new Map<string, string>();
  let complete = true;
  for (const [service, hosts] of absentHosts(context)) {
    if (isQuarantined(context, service)) continue;
    if (context.holdsChanges && !isServiceProven(context, service)) continue;
    const seen = [...hosts].toSorted().flatMap((host) => {
      const observation = context.world.observations.get(host);
      return observation?.kind === 'reachable' ? [observation] : [];
    });
    const image = chooseImage(context, service, seen);
    if (image !== null) images.set(versionKey(service), image);
    for (const observation of seen) {
      const { host } = observation;
      const good = provenOn(context.record, service.name, host);
      if (good !== null && isImageThere(context, good, observation))
        ready.add(readyKey(host, good));
      const isReady = image !== null && checkHost(context, service, image, observation);
      if (isReady) ready.add(readyKey(host, service));
      else if (isServiceProven(context, service)) continue;
      else if (image === null || !isDiskFull(context, service, image, host)) complete = false;
    }
  }
  return { complete, ready, images };
}

export function readyKey(host: HostName, service: ServiceSpec): string {
  return `${host} ${service.name} ${service.hash}`;
}

/** The service as an instance of it is made now: from the image that was found on its hosts. */
export function withImage(
  { record }: ApplicationContext,
  { images }: Preflight,
  service: ServiceSpec,
): ServiceSpec {
  const image = images.get(versionKey(service)) ?? pinnedImage(record, service);
  const { container } = service;
  return image === container.image ? service : { ...service, container: { ...container, image } };
}

function versionKey({ name, hash }: ServiceSpec): string {
  return `${name} ${hash}`;
}

/** The hosts on which an instance is to be made, by the version of the service that it is to have. */
function absentHosts({
  views,
}: ApplicationContext): ReadonlyMap<ServiceSpec, ReadonlySet<HostName>> {
  const hosts = new Map<ServiceSpec, Set<HostName>>();
  for (const { service, phase, host } of views.flatMap(({ slots }) => slots)) {
    if (phase.kind !== 'absent' || host === null) continue;
    hosts.set(service, (hosts.get(service) ?? new Set()).add(host));
  }
  return hosts;
}

/** The version that the new one replaces may have to be repaired until then; its image is never pulled for that. */
function isImageThere(
  { record }: ApplicationContext,
  service: ServiceSpec,
  { images, engine }: ReachableHost,
): boolean {
  const mounted = mountedImages(service).every((source) => findImage(images, source) !== undefined);
  const image = findImage(images, pinnedImage(record, service));
  return mounted && image?.architecture === engine.architecture && image.os === engine.os;
}

/** The engine knows all keys that are set, and the image is there and fits. */
function checkHost(
  context: ApplicationContext,
  service: ServiceSpec,
  reference: string,
  observation: ReachableHost,
): boolean {
  const { host, engine } = observation;
  const tooOld = engineRefusal(context, service, observation);
  if (tooOld !== null) {
    context.draft.block(service.name, '', 'EngineTooOld', tooOld);
    return false;
  }
  const unlinked = missingLink(service, observation);
  if (unlinked !== undefined && !isServiceProven(context, service)) {
    const message = `container "${unlinked}", which external_links names, does not exist on host "${host}": start it there, or take the link out`;
    context.draft.block(service.name, '', 'ExternalMissing', message);
    return false;
  }
  const image = findImage(observation.images, reference);
  if (image === undefined && service.pullPolicy === 'never') {
    const message = `image "${reference}" is not on host "${host}", and its pull_policy is never (load it there, or allow to pull it)`;
    context.draft.block(service.name, '', 'ImageNotFound', message);
    return false;
  }
  if (isTidied(context, host)) {
    const place = { service: service.name, slot: '', host };
    context.draft.wait('step', place, 'an image is removed from its host');
    return false;
  }
  const missing = mountedImages(service).filter(
    (source) => findImage(observation.images, source) === undefined,
  );
  if (image === undefined) pull(context, service, host, { path: 'image', reference });
  for (const source of missing)
    pull(context, service, host, { path: 'volumes', reference: source });
  if (image === undefined || missing.length > 0) return false;
  if (image.architecture === engine.architecture && image.os === engine.os) return true;
  const message = `image "${reference}" is for ${image.os}/${image.architecture}, host "${host}" is ${engine.os}/${engine.architecture}`;
  context.draft.block(service.name, '', 'PlatformMismatch', message);
  return false;
}

/** Whether all that is missing on a host could not be pulled for lack of room there. */
function isDiskFull(
  { world }: ApplicationContext,
  service: ServiceSpec,
  image: string,
  host: HostName,
): boolean {
  const observation = world.observations.get(host);
  const images = observation?.kind === 'reachable' ? observation.images : [];
  const missing = [image, ...mountedImages(service)].filter(
    (reference) => findImage(images, reference) === undefined,
  );
  const failures = missing.map((reference) => world.failures.get(pullKey(host, reference)));
  return missing.length > 0 && failures.every((failed) => failed?.failure.reason === 'DiskFull');
}

function pullKey(host: HostName, reference: string): string {
  return `${host}/image/${familiarReference(reference)}`;
}

/** Why the engine cannot make the container, or a network that it is still to make for it. */
function engineRefusal(
  context: ApplicationContext,
  service: ServiceSpec,
  observation: ReachableHost,
): string | null {
  const { host, engine } = observation;
  const networks = missingNetworks(context, service, observation).filter((one) => !one.external);
  return (
    containerRefusal(service.container, host, engine.apiVersion) ??
    networks
      .map((network) => networkRefusal(network, host, engine.apiVersion))
      .find((refusal) => refusal !== null) ??
    null
  );
}

/** The name of a container that is to be linked to and is not on the host. */
function missingLink(
  { container }: ServiceSpec,
  { containers, unmanaged }: ReachableHost,
): string | undefined {
  const links = container.networks.flatMap((attachment) => attachment.links ?? []);
  if (links.length === 0) return undefined;
  const there = new Set([...containers, ...unmanaged].map(({ name }) => name));
  return links.map((link) => link.replace(/:.*$/s, '')).find((name) => !there.has(name));
}

/** What is removed there was not needed when that was decided, and may be what is asked for now. */
function isTidied({ world }: ApplicationContext, host: HostName): boolean {
  return [...world.inFlight].some(
    ([key, kind]) => kind === 'remove-image' && key.startsWith(`${host}/`),
  );
}

/** What is mounted is not run: it may be for any platform. */
export function mountedImages({ container }: ServiceSpec): readonly string[] {
  return container.mounts.flatMap((mount) => (mount.type === 'image' ? [mount.source] : []));
}

function pull(
  context: ApplicationContext,
  service: ServiceSpec,
  host: HostName,
  { path, reference }: { readonly path: string; readonly reference: string },
): void {
  const { world, draft, target } = context;
  const key = pullKey(host, reference);
  const place = { service: service.name, slot: '', host };
  const failed = world.failures.get(key);
  if (failed !== undefined) {
    const { reason, message, class: whose } = failed.failure;
    draft.block(service.name, '', reason, message, whose);
  }
  if (world.inFlight.has(key)) {
    // One that has failed before is a try like any other.
    return draft.wait(failed === undefined ? 'image' : 'step', place, 'image is pulled');
  }
  if (failed !== undefined && world.now < failed.retryAt) {
    return draft.wait('retry', place, 'pull is tried again', failed.retryAt);
  }
  if (draft.steps.some((step) => step.key === key)) return;
  const cause = causeOf(target, service, path, `image "${reference}" is not on the host`);
  draft.step(key, host, service.name, '', { kind: 'pull-image', image: reference }, cause);
}
