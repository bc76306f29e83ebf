import type { Fleet } from '../fleet/fleet.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import type { ProxyGroup, ProxyState, TrafficChange } from '../model/traffic.ts';

/** One instance of the proxies. */
export interface ProxyAddress {
  readonly host: HostName;
  readonly container: ContainerId;
}

/** How a proxy stands after it was asked something; a text: why it cannot be known, also whether anything was changed. */
export type ProxyAnswer =
  | string
  | {
      readonly state: ProxyState;
      /** What it said of the changes, for people; empty when it took them without a word. */
      readonly said: string;
    };

/** The way to the proxies of a group. */
export type OpenRouter = (fleet: Pick<Fleet, 'ask'>, group: ProxyGroup) => TrafficRouter;

/** Who may receive requests, as the proxies are told. */
export interface TrafficRouter {
  /**
   * Makes changes at one proxy, in this order, and reads how it stands after them. A change that is made already is made
   * again without an effect; whether one was taken is told by the state alone. Never throws.
   */
  ask(
    proxy: ProxyAddress,
    changes: readonly TrafficChange[],
    signal: AbortSignal,
  ): Promise<ProxyAnswer>;
}
