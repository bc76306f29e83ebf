import type { ServiceSpec } from '../model/application.ts';
import type { NetworkAttachment } from '../model/container.ts';
import type { HostName } from '../model/names.ts';
import type { Change } from '../model/step.ts';
import { versionsFrom, versionsOf } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';
import { networkPath } from '../drift/compare-networks.ts';
import type { ApplicationContext } from './application-context.ts';
import { awaitTraffic, whyNotAdmitted, whyStillServing } from './await-traffic.ts';
import { isBusy, wellAt, whyNotNow } from './change-in-place.ts';
import { causeOf, placeOf } from './draft.ts';
import { anyState } from './heal.ts';
import { offEntry, offNetworks } from './off-networks.ts';
import type { Preflight } from './preflight.ts';
import { prepareNetworks } from './prepare-host.ts';
import { guardOf } from './retire.ts';
import type { SlotView } from './slot-view.ts';
import { isLive } from './slot-view.ts';
import type { StaleNetwork } from './stale-networks.ts';
import { networkKey } from './stale-networks.ts';
import { provenService } from './target.ts';

/**
 * Networks that the commit declares otherwise than they are: on one host after the other, the containers of the application
 * are taken off it, and it is removed. Whoever needs it makes it again, and those that were on it are connected again, as
 * after any other loss of a network: so it does not matter where this is interrupted.
 */
export function renewNetworks(context: ApplicationContext, preflight: Preflight): void {
  for (const [host, stale] of context.stale) {
    for (const { network } of stale) awaitRetry(context, host, network.name);
    const renewed = stale.filter(({ refusal }) => refusal === null);
    if (renewed.length === 0) continue;
    const why = whyNotYet(context, preflight, host);
    const isHeld = why === null && isUnadmitted(context, host, renewed);
    if (isHeld) continue;
    if (why === null) for (const one of renewed) renew(context, host, one);
    else context.draft.wait('turn', { service: '', slot: '', host }, why.reason, why.until);
  }
  for (const view of slotsOf(context)) rejoin(context, view);
}

/** A removal that the engine refused. */
function awaitRetry({ world, draft }: ApplicationContext, host: HostName, network: string): void {
  const failed = world.failures.get(networkKey(host, network));
  if (failed === undefined || world.now >= failed.retryAt) return;
  const place = { service: '', slot: '', host };
  draft.wait('retry', place, `network "${network}" is made anew later`, failed.retryAt);
}

function slotsOf({ views }: ApplicationContext): readonly SlotView[] {
  return views.flatMap(({ slots }) => slots);
}

interface NotYet {
  readonly reason: string;
  /** When it is looked at again at the latest, in milliseconds since the epoch; null: when something changes. */
  readonly until: number | null;
}

function whyNotYet(
  context: ApplicationContext,
  { complete }: Preflight,
  host: HostName,
): NotYet | null {
  const why = whyNotNow(context) ?? (complete ? null : 'not all images are on their hosts yet');
  if (why !== null) return { reason: why, until: null };
  const elsewhere = renewedElsewhere(context, host);
  if (elsewhere !== null) {
    return { reason: 'networks are made anew on one host after the other', ...elsewhere };
  }
  const tried = isTryingOut(context, host);
  return tried ? { reason: 'what is tried out on its host shows itself first', until: null } : null;
}

/** Others may serve nothing yet for all that a proxy knows: what is begun goes on all the same. */
function isUnadmitted(
  context: ApplicationContext,
  host: HostName,
  stale: readonly StaleNetwork[],
): boolean {
  const { world, traffic, application, views, instances } = context;
  const isBegun = [...instances.values()].flat().some((instance) => {
    const off = offNetworks(world, instance);
    return (
      instance.container.host === host && stale.some(({ network: { name } }) => off.includes(name))
    );
  });
  if (isBegun) return false;
  const isOnOne = ({ container }: ServiceSpec): boolean =>
    stale.some(({ network: { name } }) => isOn(container, name));
  for (const { service } of views.filter((one) => versionsOf(one.service).some(isOnOne))) {
    const hold = whyNotAdmitted(world, traffic, application, service.name);
    if (hold === null) continue;
    awaitTraffic(context, { service: service.name, slot: '', host }, hold);
    return true;
  }
  return false;
}

/** Until when some container of another host is off its network, or is not known to be well since it was. */
function renewedElsewhere(
  context: ApplicationContext,
  host: HostName,
): Pick<NotYet, 'until'> | null {
  const { draft, world } = context;
  if ([...draft.renewing].some((key) => !key.startsWith(`${host}/`))) return { until: null };
  const others = slotsOf(context).filter((view) => view.host !== null && view.host !== host);
  const busy = others.filter((view) => isOff(context, view) || isBusy(context, view));
  if (busy.length === 0) return null;
  const times = busy.map(wellAt).filter((time) => time > world.now);
  return { until: times.length === 0 ? null : Math.min(...times) };
}

function isOff(context: ApplicationContext, view: SlotView): boolean {
  const isMissed = view.differences.some(
    ({ remedy, observed }) => remedy.kind === 'connect' && observed === null,
  );
  return isMissed || missedBy(context, view).length > 0;
}

/** A gate that fails for want of a network would say something about the version. */
function isTryingOut(context: ApplicationContext, host: HostName): boolean {
  return slotsOf(context).some(
    ({ phase, current }) => phase.kind === 'probation' && current?.container.host === host,
  );
}

function renew(context: ApplicationContext, host: HostName, stale: StaleNetwork): void {
  const { draft, world, instances, application, target } = context;
  const { network, observed, fields } = stale;
  const key = networkKey(host, network.name);
  draft.renewing.add(key);
  const path = networkPath(application, network.name);
  const changes = fields.map(({ path: field, desired, observed: from }): Change => {
    return { path: `${path}.${field}`, from, to: desired };
  });
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : '';
  const reason = `${path}.${fields[0]?.path ?? ''} changed${more}: the network is made anew, and what is on it loses it for a moment`;
  const cause = { ...causeOf(target, null, path, reason, changes), origin: network.origin };
  const attached = [...instances.values()]
    .flat()
    .filter(({ container }) => container.host === host && isOn(container.spec, network.name));
  if (isStillServing(context, attached, network.name)) return;
  for (const instance of attached) takeOff(context, instance, network.name, cause);
  if (attached.length > 0) return;
  const place = { service: '', slot: '', host };
  if (world.inFlight.has(key)) return draft.wait('step', place, 'a network is made anew');
  const action = { kind: 'remove-network', name: network.name, id: observed.id } as const;
  draft.step(key, host, '', '', action, cause);
}

/** Nothing is taken off before no proxy sends any of it requests: then it is off for as short as can be. */
function isStillServing(
  context: ApplicationContext,
  attached: readonly Instance[],
  network: string,
): boolean {
  const { draft, world, traffic } = context;
  const noted = attached.filter(({ container }) => world.journal.instances.has(container.id));
  for (const instance of noted) {
    if (!offNetworks(world, instance).includes(network)) {
      draft.entries.push(offEntry(world, instance, network));
    }
  }
  const held = noted.filter(isLive).flatMap((instance) => {
    const hold = whyStillServing(world, traffic, instance);
    return hold === null ? [] : [{ instance, hold }];
  });
  for (const { instance, hold } of held) {
    const { service, slot } = instance.identity;
    awaitTraffic(context, { service, slot, host: instance.container.host }, hold);
  }
  return held.length > 0;
}

function isOn({ networks }: Instance['container']['spec'], name: string): boolean {
  return networks.some(({ network }) => network === name);
}

function takeOff(
  context: ApplicationContext,
  instance: Instance,
  network: string,
  cause: ReturnType<typeof causeOf>,
): void {
  const { draft, world } = context;
  const { slotKey: key, identity, container } = instance;
  const place = { service: identity.service, slot: identity.slot, host: container.host };
  const failed = world.failures.get(key);
  if (failed !== undefined && world.now < failed.retryAt) {
    return draft.wait('retry', place, `${failed.action} is tried again`, failed.retryAt);
  }
  if (world.inFlight.has(key) || draft.steps.some((step) => step.key === key)) {
    return draft.wait('step', place, 'another step is under way');
  }
  draft.entries.push({ kind: 'changed-in-place', slot: key, at: world.now });
  const guard = guardOf(instance, anyState);
  const isForAMoment = isLive(instance) ? { isForAMoment: true as const } : {};
  const { name } = container;
  const action = { kind: 'disconnect-network', guard, name, network, ...isForAMoment } as const;
  draft.step(key, container.host, identity.service, identity.slot, action, cause);
}

/** What serves until its successor does has to be connected again too; no difference says so. */
function rejoin(context: ApplicationContext, view: SlotView): void {
  const { draft, target } = context;
  const [missed] = missedBy(context, view);
  if (missed === undefined || view.inFlight !== undefined) return;
  if (view.failure !== undefined || draft.steps.some(({ key }) => key === view.key)) return;
  const { instance, attachment } = missed;
  const { host } = instance.container;
  if (!prepareNetworks(context, view.service, host)) {
    return draft.wait('turn', placeOf(view), 'networks are created first');
  }
  const cause = causeOf(target, view.service, 'networks', 'it serves until its successor does');
  const guard = guardOf(instance, anyState);
  const { name } = instance.container;
  const action = { kind: 'connect-network', guard, name, attachment } as const;
  draft.step(view.key, host, view.service.name, view.slot, action, cause);
}

interface Missed {
  readonly instance: Instance;
  readonly attachment: NetworkAttachment;
}

/**
 * Networks that live instances of an older version are to be on by their own version and by the new one, and are not. Of one
 * that has not proved itself only the journal tells that it was taken off.
 */
function missedBy(context: ApplicationContext, { service, others }: SlotView): readonly Missed[] {
  const own = context.target.spec.networks.filter(({ external }) => !external);
  const good = provenService(context.record, service.name);
  return others.filter(isLive).flatMap((instance) => {
    const known = good === null ? [] : versionsFrom([good], instance.container.host);
    const off = offNetworks(context.world, instance);
    const version = [service, ...known].find(({ hash }) => hash === instance.hash);
    return service.container.networks
      .filter(({ network }) => {
        const isOwn = own.some(({ name }) => name === network);
        const isAsked =
          version === undefined ? off.includes(network) : isOn(version.container, network);
        return isOwn && isAsked && !isOn(instance.container.spec, network);
      })
      .map((attachment) => ({ instance, attachment }));
  });
}
