import { adoptionsNameContainers } from './adoptions.ts';
import { analysesAreWellFormed } from './analyses.ts';
import { scalesAreWellFormed } from './autoscale.ts';
import { boundsAllowChange } from './bounds.ts';
import { rolloutsAreWellFormed } from './canary-steps.ts';
import { rolloutsOutlastGates } from './deadlines.ts';
import { dependenciesHaveNoCycle } from './dependency-cycle.ts';
import { modesFitReplicas, restartBoundsAreKept, rollbackKnobsHaveAnEffect } from './deploy.ts';
import { gatesCanBePassed } from './gates.ts';
import { healthchecksAreWellFormed } from './healthchecks.ts';
import { fixedPortsLeaveRoom, hostPortsAreFree } from './host-ports.ts';
import { ignoreRulesAreWellFormed } from './ignore-rules.ts';
import { imageIsNamed } from './image.ts';
import { jobsAreServices, jobsComeInOrder, jobsRunOnce } from './jobs.ts';
import { devicesAreCountedOrNamed } from './device-requests.ts';
import { environmentNamesAreWellFormed } from './environment-names.ts';
import { exposedPortsArePublished } from './exposures.ts';
import { extensionIsSpeltRight } from './misspelt-extension.ts';
import { mountsAreSupported, targetsAreDistinct } from './mounts.ts';
import { referencesAreDeclared } from './references.ts';
import { networkModesStandAlone } from './network-mode.ts';
import type { Rule } from './rule.ts';
import { sharingIsPossible } from './shared-services.ts';
import { singletonsAreAlone } from './singletons.ts';
import { commonRolloutsAreTaken, strategiesFitServices } from './strategies.ts';
import {
  fileVariablesAreSet,
  externalsAreOnlyNamed,
  filesHaveOneSource,
  networksAreBridges,
  servicesAreThere,
  volumeDevicesAreAbsolute,
} from './top-level.ts';
import { completionIsPossible } from './completion.ts';
import { namedContainersAreAlone } from './container-name.ts';
import { preStartHooksAreJobs } from './pre-start.ts';
import { proofsCanBeAsked } from './proofs.ts';
import { twinsAgree } from './twins.ts';

/** All that must hold of an application beyond its shape. Their order does not matter: diagnostics are sorted. */
export const rules: readonly Rule[] = [
  servicesAreThere,
  extensionIsSpeltRight,
  imageIsNamed,
  ignoreRulesAreWellFormed,
  referencesAreDeclared,
  dependenciesHaveNoCycle,
  completionIsPossible,
  hostPortsAreFree,
  fixedPortsLeaveRoom,
  mountsAreSupported,
  targetsAreDistinct,
  healthchecksAreWellFormed,
  externalsAreOnlyNamed,
  networksAreBridges,
  volumeDevicesAreAbsolute,
  filesHaveOneSource,
  fileVariablesAreSet,
  environmentNamesAreWellFormed,
  twinsAgree,
  namedContainersAreAlone,
  networkModesStandAlone,
  sharingIsPossible,
  devicesAreCountedOrNamed,
  modesFitReplicas,
  restartBoundsAreKept,
  rollbackKnobsHaveAnEffect,
  gatesCanBePassed,
  exposedPortsArePublished,
  proofsCanBeAsked,
  singletonsAreAlone,
  scalesAreWellFormed,
  rolloutsAreWellFormed,
  strategiesFitServices,
  analysesAreWellFormed,
  commonRolloutsAreTaken,
  boundsAllowChange,
  rolloutsOutlastGates,
  jobsAreServices,
  jobsRunOnce,
  jobsComeInOrder,
  preStartHooksAreJobs,
  adoptionsNameContainers,
];
