/** The same work as a bare script does it: the fewest Engine calls that reach the goal, with the same concurrency and gate. */
import type Docker from 'dockerode';

import { label } from '../src/model/labels.ts';
import { connectEngine } from '../src/sandbox/sandbox-host.ts';
import type { HostDescription } from '../src/sandbox/sandbox-host.ts';
import { clearHosts } from '../test/support/sandbox.ts';
import type { BareGate } from './bare-gate.ts';
import type { Measured } from './measure.ts';

const network = 'bare_default';
/** Mutations at once, as the operator has them. */
const concurrency = 4;

export interface BareJob {
  readonly host: HostDescription;
  readonly replicas: number;
  readonly gate: BareGate;
}

/** A client that counts its requests. */
interface Counted {
  readonly engine: Docker;
  calls: number;
}

export async function bareDeploy(job: BareJob, image: string): Promise<Measured> {
  return measure(job.host, async (counted) => {
    await call(counted, (engine) =>
      engine.createNetwork({ Name: network, Labels: { [label.fleet]: 'bare' } }),
    );
    const slots = Array.from({ length: job.replicas }, (_, index) => index);
    await pool(slots, concurrency, async (slot) => {
      await bringUp(counted, job.gate, `bare-${slot}-a`, image);
    });
  });
}

export async function bareList(host: HostDescription): Promise<Measured> {
  return measure(host, async (counted) => {
    const filters = { label: [`${label.fleet}=bare`] };
    await call(counted, (engine) => engine.listContainers({ all: true, filters }));
  });
}

/** Start-first, `parallelism` slots at a time. */
export async function bareRoll(
  job: BareJob,
  image: string,
  parallelism: number,
): Promise<Measured> {
  return measure(job.host, async (counted) => {
    const slots = Array.from({ length: job.replicas }, (_, index) => index);
    await pool(slots, parallelism, async (slot) => {
      await bringUp(counted, job.gate, `bare-${slot}-b`, image);
      const old = counted.engine.getContainer(`bare-${slot}-a`);
      await call(counted, () => old.stop());
      await call(counted, () => old.remove());
    });
  });
}

/** Removes every container and network of a fleet. */
export async function bareRemove(host: HostDescription, fleet: string): Promise<void> {
  await clearHosts([host], fleet);
}

async function measure(
  host: HostDescription,
  work: (counted: Counted) => Promise<void>,
): Promise<Measured> {
  const counted = { engine: connectEngine(host), calls: 0 };
  const begin = performance.now();
  await work(counted);
  return { ms: performance.now() - begin, calls: counted.calls };
}

async function call<Result>(
  counted: Counted,
  work: (engine: Docker) => Promise<Result>,
): Promise<Result> {
  counted.calls += 1;
  return work(counted.engine);
}

/** Creates a container, starts it and waits until it is ready. */
async function bringUp(
  counted: Counted,
  gate: BareGate,
  name: string,
  image: string,
): Promise<void> {
  const container = await call(counted, (engine) =>
    engine.createContainer({
      name,
      Image: image,
      Labels: { [label.fleet]: 'bare' },
      ExposedPorts: { '8080/tcp': {} },
      ...(gate.healthcheck === undefined ? {} : { Healthcheck: gate.healthcheck }),
      HostConfig: {
        NetworkMode: network,
        PortBindings: { '8080/tcp': [{ HostPort: '' }] },
        RestartPolicy: { Name: 'unless-stopped' },
      },
    }),
  );
  const ready = gate.watch(container);
  await call(counted, () => container.start());
  counted.calls += await ready();
}

async function pool<Item>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
