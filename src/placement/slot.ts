import type { Demand } from './demand.ts';

/** A place for one instance that is to be given a host. */
export interface Slot {
  readonly demand: Demand;
  /** `1` … `N`, or the name of the host when the service is global. */
  readonly slot: string;
  /** `shop/web/1`. */
  readonly key: string;
}
