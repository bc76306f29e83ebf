import type { ServiceSpec } from '../model/application.ts';

export interface PlacedService {
  readonly application: string;
  readonly service: ServiceSpec;
  /** Names of networks that it is attached to and that somebody else makes; absent: none. */
  readonly externalNetworks?: readonly string[];
}
