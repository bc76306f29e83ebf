/** The same work as a bare script does it: the fewest Engine calls that reach the goal, with the same concurrency and gate. */
import { request } from 'node:http';

import type Docker from 'dockerode';

import { label } from '../src/model/labels.ts';
import { connectEngine } from '../src/sandbox/sandbox-host.ts';
import type { HostDescription } from '../src/sandbox/sandbox-host.ts';
import { clearHosts } from '../test/support/sandbox.ts';
import type { Measured } from './measure.ts';

const network = 'bare_default';
/** Mutations at once, as the operator has them. */
const concurrency = 4;

/** A client that counts its requests. */
interface Counted {
  readonly engine: Docker;
  calls: number;
}

export async function bareDeploy(
  host: HostDescription,
  replicas: number,
  image: string,
): Promise<Measured> {
  return measure(host, async (counted) => {
    await call(counted, (engine) =>
      engine.createNetwork({ Name: network, Labels: { [label.fleet]: 'bare' } }),
    );
    const slots = Array.from({ length: replicas }, (_, index) => index);
    await pool(slots, concurrency, async (slot) => {
      const container = await create(counted, `bare-${slot}-a`, image);
      await ready(counted, host, container);
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
  host: HostDescription,
  replicas: number,
  image: string,
  parallelism: number,
): Promise<Measured> {
  return measure(host, async (counted) => {
    const slots = Array.from({ length: replicas }, (_, index) => index);
    await pool(slots, parallelism, async (slot) => {
      const container = await create(counted, `bare-${slot}-b`, image);
      await ready(counted, host, container);
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

async function create(counted: Counted, name: string, image: string): Promise<Docker.Container> {
  const container = await call(counted, (engine) =>
    engine.createContainer({
      name,
      Image: image,
      Labels: { [label.fleet]: 'bare' },
      ExposedPorts: { '8080/tcp': {} },
      HostConfig: {
        NetworkMode: network,
        PortBindings: { '8080/tcp': [{ HostPort: '' }] },
        RestartPolicy: { Name: 'unless-stopped' },
      },
    }),
  );
  await call(counted, () => container.start());
  return container;
}

async function ready(
  counted: Counted,
  host: HostDescription,
  container: Docker.Container,
): Promise<void> {
  const { NetworkSettings } = await call(counted, () => container.inspect());
  const port = Number(NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort);
  while (!(await answers(host.address, port))) await sleep(50);
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = request(
      { host, port, path: '/ready', agent: false, timeout: 1_000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    ask.on('error', () => resolve(false));
    ask.end();
  });
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

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
