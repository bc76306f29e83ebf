import type { BareGate } from './bare-gate.ts';
import { healthGate, probeGate } from './bare-gate.ts';
import { bareDeploy, bareRoll } from './bare.ts';
import { EngineCalls } from './engine-calls.ts';
import type { Ground, Roll } from './workload.ts';
import { healthcheckBody, images, timeRoll } from './workload.ts';

/** A rolling update by the bare sequence of calls: create, start, wait for the gate, stop, remove; slot by slot. */
export async function rollBare(ground: Ground, parallelism: number): Promise<Roll> {
  const { host, workload } = ground;
  const { replicas } = workload;
  await using gate = await openGate(ground);
  const job = { host, replicas, gate };
  await bareDeploy(job, images.before);
  using calls = new EngineCalls();
  return await timeRoll(ground, async () => {
    calls.take();
    const begin = performance.now();
    await bareRoll(job, images.after, parallelism === 0 ? replicas : parallelism);
    return { begin, end: performance.now(), calls: calls.take(), steps: [] };
  });
}

async function openGate({ host, workload, signal }: Ground): Promise<BareGate> {
  const healthcheck = healthcheckBody(workload);
  if (healthcheck === undefined) return probeGate(host, workload.gate.intervalMs);
  return await healthGate(host, healthcheck, signal);
}
