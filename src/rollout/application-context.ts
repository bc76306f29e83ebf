import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import { serviceOn, versionsOf } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';
import type { WantedPorts } from '../placement/wanted-ports.ts';
import type { Departure } from './departures.ts';
import type { Draft } from './draft.ts';
import type { TrafficView } from './endpoints.ts';
import type { Hold } from './hold-changes.ts';
import type { SlotContext, SlotView } from './slot-view.ts';
import type { StaleNetworks } from './stale-networks.ts';
import type { CanaryStage } from './canary-stage.ts';
import type { Target } from './target.ts';
import { concerns, isProven } from './target.ts';

/** One application while it is being decided on. */
export interface ApplicationContext extends SlotContext {
  /** What the commit asks for, whatever the target is. */
  readonly desired: ApplicationSpec;
  readonly target: Target;
  readonly views: readonly ServiceViews[];
  /** Instances in slots that nothing asks for any more. */
  readonly surplus: readonly Instance[];
  /** Some slot can be given no host, and not for what is more important: nothing new is begun, what once ran well is still repaired. */
  readonly holdsChanges: boolean;
  /** Another application that must be through first: nothing new is begun before. */
  readonly hold: Hold | null;
  /** Fixed host ports that slots of any application are to have, by host. */
  readonly wantedPorts: WantedPorts;
  /** Of all slots whose host cannot be counted on, by slot key. */
  readonly departures: ReadonlyMap<string, Departure>;
  /** Networks that are not as they are declared. */
  readonly stale: StaleNetworks;
  /** Why it may be the operator that is cut off; null: nothing says so. */
  readonly isolation: string | null;
  /** Who may receive requests, by group of proxies. */
  readonly traffic: readonly TrafficView[];
  readonly draft: Draft;
}

export interface ServiceViews {
  readonly service: ServiceSpec;
  /** A slot may be at another version than `service` while a stage or a failure holds it there: see its own. */
  readonly slots: readonly SlotView[];
  readonly stage: CanaryStage | null;
}

/**
 * Whether the hash that a service asks for has already proved itself: then trouble is repaired, not rolled back. Of a service
 * with variants each has to have.
 */
export function isServiceProven(
  context: Pick<ApplicationContext, 'record'>,
  service: ServiceSpec,
): boolean {
  return versionsOf(service).every(({ name, hash }) => isProven(context.record, name, hash));
}

/** Whether the hash that a service asks for has failed and must not be started again. */
export function isQuarantined(context: ApplicationContext, service: ServiceSpec): boolean {
  const { record, desired } = context;
  return record.quarantined.some((failed) => concerns(failed, service, desired.retry));
}

/** Whether a slot is at the version that its service asks for, and not at one that is kept. */
export function isAtTarget({ service }: Pick<ServiceViews, 'service'>, view: SlotView): boolean {
  return view.service === serviceOn(service, view.host);
}

/** A slot that does what its service asks for, with nothing left to do about it. */
export function isSettled(view: SlotView): boolean {
  return (
    view.phase.kind === 'promoted' &&
    view.available &&
    !view.recovering &&
    view.others.length === 0 &&
    view.inFlight === undefined &&
    view.differences.every(({ remedy }) => remedy.kind === 'none' || remedy.kind === 'withheld')
  );
}
