import type { ApiResponse, Pending } from './api.ts';
import { noContent, notModified, ok, pending, refusal } from './api.ts';
import type { Actor, Container, HostConfig } from './container.ts';
import { statusOf } from './container.ts';
import { nameRefusal } from './create-container.ts';
import type { EngineState } from './engine-state.ts';
import { between, changed, later, mutated } from './engine-state.ts';
import { containerEvent } from './events.ts';
import { resumeProbes, stopProbes } from './health.ts';
import {
  killContainer,
  onProgramEnd,
  signalContainer,
  startContainer,
  stopContainer,
} from './lifecycle.ts';
import { pauseProgram, unpauseProgram } from './program.ts';
import { resourceRefusal, restartRefusal } from './validate-config.ts';
import { dropVolume } from './volumes.ts';

type Answer = ApiResponse | Pending;

export function start(state: EngineState, container: Container, by: Actor): Answer {
  if (container.isPaused) {
    return refusal(409, 'cannot start a paused container, try unpause instead');
  }
  if (container.isRunning) return notModified;
  if (container.isBeingRemoved) {
    return refusal(409, 'container is marked for removal and cannot be started');
  }
  return pending((reply) => {
    startContainer(state, container, by, false, (refused) => {
      if (refused !== null) return reply(refusal(refused.status, refused.message));
      if (by === 'api') mutated(state, `start ${container.name}`);
      return reply(noContent);
    });
    return null;
  });
}

/** @param seconds the grace; undefined: the container's own */
export function stop(
  state: EngineState,
  container: Container,
  seconds: string | undefined,
  by: Actor,
): Answer {
  if (!container.isRunning) return notModified;
  const grace = seconds === undefined ? container.config.StopTimeout : Number(seconds);
  return pending((reply) => {
    let isOver = false;
    stopContainer(state, container, by, (grace ?? 10) * 1000, () => {
      isOver = true;
      if (by === 'api') mutated(state, `stop ${container.name}`);
      reply(noContent);
    });
    if (!isOver && by === 'api') mutated(state, `tell ${container.name} to stop`);
    return null;
  });
}

/**
 * Stops a container that runs, and starts it.
 *
 * @param seconds the grace; undefined: the container's own
 */
export function restart(
  state: EngineState,
  container: Container,
  seconds: string | undefined,
  by: Actor,
): Answer {
  const grace = seconds === undefined ? container.config.StopTimeout : Number(seconds);
  return pending((reply) => {
    const again = (): void =>
      startContainer(state, container, by, false, (refused) => {
        if (refused !== null) return reply(refusal(refused.status, refused.message));
        containerEvent(state, container, 'restart');
        if (by === 'api') mutated(state, `restart ${container.name}`);
        return reply(noContent);
      });
    if (container.isRunning) stopContainer(state, container, by, (grace ?? 10) * 1000, again);
    else again();
    return null;
  });
}

/** @param signal undefined: SIGKILL */
export function kill(
  state: EngineState,
  container: Container,
  asked: string,
  signal: string | undefined,
  by: Actor,
): ApiResponse {
  if (!container.isRunning) {
    const message = `Cannot kill container: ${asked}: Container ${container.id} is not running`;
    return refusal(409, inWordsOf(state, message));
  }
  if (signal === undefined || signal === 'SIGKILL') killContainer(state, container, by);
  else signalContainer(state, container, signal);
  if (by === 'api') mutated(state, `kill ${container.name}`);
  return noContent;
}

export function pause(state: EngineState, container: Container, by: Actor): ApiResponse {
  const { id, program } = container;
  if (!container.isRunning || program === null) {
    return container.isRestarting
      ? refusal(409, `Container ${id} is restarting, wait until the container is running`)
      : refusal(409, inWordsOf(state, `Container ${id} is not running`));
  }
  if (container.isPaused) return refusal(409, `Container ${id} is already paused`);
  container.isPaused = true;
  pauseProgram(state, program);
  stopProbes(state, container);
  containerEvent(state, container, 'pause');
  if (by === 'api') mutated(state, `pause ${container.name}`);
  return noContent;
}

export function unpause(state: EngineState, container: Container, by: Actor): ApiResponse {
  if (!container.isPaused) return refusal(500, `Container ${container.id} is not paused`);
  container.isPaused = false;
  unpauseProgram(state, container, (ended, ending) => onProgramEnd(state, ended, ending));
  resumeProbes(state, container);
  containerEvent(state, container, 'unpause');
  if (by === 'api') mutated(state, `unpause ${container.name}`);
  return noContent;
}

/** Limits and the restart policy, the only things of a container that can be changed in place. */
export function update(
  state: EngineState,
  container: Container,
  body: Partial<HostConfig>,
  by: Actor,
): ApiResponse {
  const invalid = resourceRefusal(body) ?? restartRefusal(state, body.RestartPolicy);
  if (invalid !== null) return refusal(400, invalid);
  const cannot = `Cannot update container ${container.id}`;
  if (container.isBeingRemoved) {
    return refusal(409, `${cannot}: Container is marked for removal and cannot be "update".`);
  }
  if (state.diskFull) return refusal(500, `${cannot}: no space left on device`);
  const { hostConfig } = container;
  const { Memory: memory = 0, MemorySwap: swap = 0 } = body;
  if (memory > hostConfig.MemorySwap && swap === 0 && hostConfig.MemorySwap !== -1) {
    const message = `${cannot}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`;
    return refusal(409, message);
  }
  if (memory !== 0) hostConfig.Memory = memory;
  if (swap !== 0) hostConfig.MemorySwap = swap;
  if (body.MemoryReservation) hostConfig.MemoryReservation = body.MemoryReservation;
  if (body.NanoCpus) hostConfig.NanoCpus = body.NanoCpus;
  if (body.CpuShares) hostConfig.CpuShares = body.CpuShares;
  if (body.CpusetCpus) hostConfig.CpusetCpus = body.CpusetCpus;
  if (body.BlkioWeight) hostConfig.BlkioWeight = body.BlkioWeight;
  // -1 lifts the limit, and is written down as 0.
  if (body.PidsLimit) hostConfig.PidsLimit = Math.max(0, body.PidsLimit);
  const { Name: name, MaximumRetryCount: count = 0 } = body.RestartPolicy ?? {};
  if (name) hostConfig.RestartPolicy = { Name: name, MaximumRetryCount: count };
  containerEvent(state, container, 'update');
  if (by === 'api') mutated(state, `update ${container.name}`);
  return ok({ Warnings: null });
}

export function rename(
  state: EngineState,
  container: Container,
  name: string,
  by: Actor,
): ApiResponse {
  if (name === '' || container.name === name) {
    const message =
      name === ''
        ? 'Neither old nor new names may be empty'
        : 'Renaming a container with the same name as its current name';
    return refusal(400, message);
  }
  const taken = nameRefusal(state, name);
  if (taken !== null) {
    const { message } = taken.body as { readonly message: string };
    const said = message.replace(`container name (${name})`, `container name (/${name})`);
    return refusal(taken.status, `Error when allocating new name: ${said}`);
  }
  const oldName = `/${container.name}`;
  state.names.delete(container.name);
  container.name = name;
  state.names.set(name, container);
  containerEvent(state, container, 'rename', { oldName });
  if (by === 'api') mutated(state, `rename ${oldName.slice(1)} to ${name}`);
  return noContent;
}

/** Removes a container that does not run, or any one by force, with the volumes that nobody named. */
export function remove(
  state: EngineState,
  container: Container,
  options: { readonly force: boolean; readonly volumes: boolean },
  by: Actor,
): Answer {
  const { id } = container;
  if (container.isBeingRemoved) {
    return refusal(409, `removal of container ${id} is already in progress`);
  }
  if (container.isRunning && !options.force) {
    return refusal(409, whyNotRemoved(state, container));
  }
  if (container.isRunning) killContainer(state, container, by);
  container.isBeingRemoved = true;
  changed(state);
  return pending((reply) => {
    later(state, between(state, state.timing.remove), () => {
      removeNow(state, container, options.volumes);
      if (by === 'api') mutated(state, `remove ${container.name}`);
      reply(noContent);
    });
    return null;
  });
}

function whyNotRemoved(state: EngineState, container: Container): string {
  const status = statusOf(container);
  if (state.apiVersion === '1.41') {
    const first = status === 'paused' ? 'Unpause and then stop' : 'Stop';
    return `You cannot remove a ${status} container ${container.id}. ${first} the container before attempting removal or force remove`;
  }
  const first =
    status === 'paused'
      ? ' and must be unpaused first'
      : ': stop the container before removing or force remove';
  return `cannot remove container "/${container.name}": container is ${status}${first}`;
}

/** A newer engine begins nothing with a capital. */
export function inWordsOf(state: EngineState, message: string): string {
  return state.apiVersion === '1.41'
    ? message
    : message.replace('Cannot kill', 'cannot kill').replace('Container', 'container');
}

function removeNow(state: EngineState, container: Container, withVolumes: boolean): void {
  state.containers.delete(container.id);
  state.names.delete(container.name);
  containerEvent(state, container, 'destroy');
  if (!withVolumes) return;
  for (const mount of container.mounts) {
    const volume = state.volumes.get(mount.Name ?? '');
    if (volume?.isAnonymous === true) dropVolume(state, volume);
  }
}
