import { afterEach, beforeEach, expect, it } from 'vitest';

import type { DockerHost, EngineRequest } from '../../src/fleet/docker-host.ts';
import { EngineClient } from '../../src/fleet/engine-client.ts';
import { systemClock } from '../../src/reconcile/system-clock.ts';
import { aroundExecute } from '../support/around-execute.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { converge } from '../support/live-operator.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const applications = Array.from({ length: 10 }, (_, index) => `app${index}`);
const replicas = 3;
/** Mutations of one host at once, and connections of the agent that all calls share. */
const bounds = { mutations: 4, calls: 16 };

function manifest(image: string): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas, update_config: { parallelism: 1, monitor: '0s' } },
        'x-fleetwright': { gate: { minHealthyTime: '100ms', healthyDeadline: '60s' } },
      },
    },
  };
}

const hosts = sharedSandbox().hosts.slice(0, 1);
let repository: ConfigRepository;

beforeEach(async () => {
  repository = await ConfigRepository.create('many-test', hosts);
});
afterEach(async () => {
  await clearHosts(hosts, 'many-test');
  await repository[Symbol.asyncDispose]();
});

async function commit(image: string): Promise<void> {
  for (const name of applications) {
    await repository.write(`${name}/compose.yaml`, manifest(image));
  }
  await repository.commit(image);
}

it('ten rollouts at once on one engine keep to its bounds, and none starves', async () => {
  await commit('testapp:v1');
  await converge(repository);
  await commit('testapp:v2');
  const load = new Load();
  const starts: string[] = [];

  await converge(repository, {
    connect: ({ endpoint }, credentials, onCall) =>
      load.watch(new EngineClient(endpoint, credentials, systemClock, onCall)),
    around: (fleet) =>
      aroundExecute(fleet, async (step, execute) => {
        const outcome = await execute();
        if (step.action.kind === 'start-container') starts.push(step.application);
        return outcome;
      }),
  });

  const images = (await listContainers(hosts, 'many-test')).map(({ image }) => image);
  expect(images).toEqual(Array.from({ length: 10 * replicas }, () => 'testapp:v2'));
  expect(load.mostMutations).toBeGreaterThan(1);
  expect(load.mostMutations).toBeLessThanOrEqual(bounds.mutations);
  expect(load.mostCalls).toBeLessThanOrEqual(bounds.calls + bounds.mutations);
  // Before any application has started its last instance, every one has started its first.
  const firsts = applications.map((name) => starts.indexOf(name));
  const lasts = applications.map((name) => starts.lastIndexOf(name));
  expect(Math.max(...firsts)).toBeLessThan(Math.min(...lasts));
});

/** How much is asked of one engine at once. */
class Load {
  mostCalls = 0;
  mostMutations = 0;
  #calls = 0;
  #mutations = 0;

  watch(host: DockerHost): DockerHost {
    return {
      get apiVersion() {
        return host.apiVersion;
      },
      negotiate: (deadlineMs, signal) => host.negotiate(deadlineMs, signal),
      json: (request) => this.#count(request, () => host.json(request)),
      find: (request) => this.#count(request, () => host.find(request)),
      send: (request) => this.#count(request, () => host.send(request)),
      stream: (request) => host.stream(request),
      get breaks() {
        return host.breaks;
      },
      close: () => host.close(),
    };
  }

  async #count<T>({ method = 'GET' }: EngineRequest, call: () => Promise<T>): Promise<T> {
    const mutates = method === 'GET' ? 0 : 1;
    this.#calls += 1;
    this.#mutations += mutates;
    this.mostCalls = Math.max(this.mostCalls, this.#calls);
    this.mostMutations = Math.max(this.mostMutations, this.#mutations);
    try {
      return await call();
    } finally {
      this.#calls -= 1;
      this.#mutations -= mutates;
    }
  }
}
