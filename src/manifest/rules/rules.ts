import { dependenciesHaveNoCycle } from './dependency-cycle.ts';
import { modesFitReplicas, restartBoundsAreKept } from './deploy.ts';
import { gatesCanBePassed } from './gates.ts';
import { healthchecksAreWellFormed } from './healthchecks.ts';
import { fixedPortsLeaveRoom, hostPortsAreFree } from './host-ports.ts';
import { imageIsNamed } from './image.ts';
import { extensionIsSpeltRight } from './misspelt-extension.ts';
import { filesCanBeDelivered, mountsAreSupported, targetsAreDistinct } from './mounts.ts';
import { referencesAreDeclared } from './references.ts';
import type { Rule } from './rule.ts';
import {
  configsHaveOneSource,
  externalsAreOnlyNamed,
  networksAreBridges,
  servicesAreThere,
  volumeDevicesAreAbsolute,
} from './top-level.ts';
import { completionIsPossible } from './completion.ts';

/** All that must hold of an application beyond its shape. Their order does not matter: diagnostics are sorted. */
export const rules: readonly Rule[] = [
  servicesAreThere,
  extensionIsSpeltRight,
  imageIsNamed,
  referencesAreDeclared,
  dependenciesHaveNoCycle,
  completionIsPossible,
  hostPortsAreFree,
  fixedPortsLeaveRoom,
  mountsAreSupported,
  targetsAreDistinct,
  filesCanBeDelivered,
  healthchecksAreWellFormed,
  externalsAreOnlyNamed,
  networksAreBridges,
  volumeDevicesAreAbsolute,
  configsHaveOneSource,
  modesFitReplicas,
  restartBoundsAreKept,
  gatesCanBePassed,
];
