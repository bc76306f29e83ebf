import type { ServiceSpec } from '../model/application.ts';
import type { NamespaceSpec } from '../model/namespace.ts';

export interface PlacedService {
  readonly application: string;
  readonly service: ServiceSpec;
  /** Names of applications that its own waits for; absent: none. */
  readonly dependsOn?: readonly string[];
  /** Names of networks that it is attached to, on some host, and that somebody else makes; absent: none. */
  readonly externalNetworks?: readonly string[];
  /** Whose hosts it may be on; absent: every host. */
  readonly namespace?: NamespaceSpec;
  /** As its application names it; absent: it names none. */
  readonly namespaceName?: string;
}
