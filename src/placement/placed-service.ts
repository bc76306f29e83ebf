import type { ServiceSpec } from '../model/application.ts';

export interface PlacedService {
  readonly application: string;
  readonly service: ServiceSpec;
}
