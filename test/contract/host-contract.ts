import { afterEach, describe } from 'vitest';

import { containerCases } from './container-cases.ts';
import type { ContractContext } from './contract-context.ts';
import { EngineShell } from './engine-shell.ts';
import { eventCases } from './event-cases.ts';
import { execCases } from './exec-cases.ts';
import { healthCases } from './health-cases.ts';
import type { HostBench } from './host-bench.ts';
import { lifeCases } from './life-cases.ts';
import { networkCases } from './network-cases.ts';
import { objectCases } from './object-cases.ts';
import { portCases } from './port-cases.ts';
import { restartCases } from './restart-cases.ts';

/**
 * What the operator relies on in an engine, its oddities included. It is run against a real engine and against the
 * simulated one: where they differ, the simulated one is wrong.
 */
export function hostContract(bench: () => HostBench): void {
  const context: ContractContext = { bench, shell: () => new EngineShell(bench().host) };

  afterEach(() => bench().clear());

  describe('containers:', () => containerCases(context));
  describe('the life of a container:', () => lifeCases(context));
  describe('commands in a container:', () => execCases(context));
  describe('published ports:', () => portCases(context));
  describe('networks:', () => networkCases(context));
  describe('volumes, images, events:', () => objectCases(context));
  describe('past events:', () => eventCases(context));
  describe('health:', () => healthCases(context));
  describe('restarts:', () => restartCases(context));
}
