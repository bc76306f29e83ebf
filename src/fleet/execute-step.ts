import type { HostAction, Step, StepOutcome } from '../model/step.ts';
import { isTrafficAction } from '../model/step.ts';
import { containerNameOf } from '../model/labels.ts';
import { messageOf } from '../model/errors.ts';
import { classifyRefusal, refusedPort } from './classify-failure.ts';
import { EngineError } from './engine-error.ts';
import { SealedError } from './file-archive.ts';
import { deliverFiles } from './deliver-files.ts';
import { createContainer, startContainer } from './execute-create.ts';
import {
  connectNetwork,
  disconnectNetwork,
  removeContainer,
  renameContainer,
  stopContainer,
  unpauseContainer,
  updateContainer,
} from './execute-container.ts';
import { runHooks } from './execute-hooks.ts';
import { createNetwork, createVolume, removeNetwork, removeVolume } from './execute-object.ts';
import { pullImage } from './pull-image.ts';
import { removeImage } from './remove-image.ts';
import type { StepContext } from './step-run.ts';
import { failed, skipped, StepRun } from './step-run.ts';

/**
 * Executes one step: checks its guard against a fresh inspect, makes the call, and says what came of it. Repeating a step
 * that was done is done again without an effect. Never throws.
 */
export async function executeStep(
  step: Step,
  context: StepContext,
  signal: AbortSignal,
): Promise<StepOutcome> {
  if (signal.aborted) return skipped('it was cancelled before it began');
  const run = new StepRun(context, signal);
  const { action } = step;
  if (isTrafficAction(action)) return skipped('it is for a proxy, and not for an engine');
  try {
    return await act(step, action, run);
  } catch (error) {
    return outcomeOf(error, action, run);
  }
}

function act(step: Step, action: HostAction, run: StepRun): Promise<StepOutcome> {
  switch (action.kind) {
    case 'pull-image':
      return pullImage(run, action.image);
    case 'remove-image':
      return removeImage(run, action);
    case 'create-network':
      return createNetwork(run, action.network, step.application);
    case 'remove-network':
      return removeNetwork(run, action.name, action.id);
    case 'create-volume':
      return createVolume(run, action.volume, step.application);
    case 'remove-volume':
      return removeVolume(run, action.name);
    case 'create-container':
      return createContainer(run, action, step.cause.commit);
    case 'start-container':
      return startContainer(run, action);
    case 'run-hooks':
      return runHooks(run, action);
    case 'unpause-container':
      return unpauseContainer(run, action);
    case 'update-container':
      return updateContainer(run, action);
    case 'deliver-files':
      return deliverFiles(run, action);
    case 'rename-container':
      return renameContainer(run, action);
    case 'connect-network':
      return connectNetwork(run, action);
    case 'disconnect-network':
      return disconnectNetwork(run, action);
    case 'stop-container':
      return stopContainer(run, action);
    case 'remove-container':
      return removeContainer(run, action);
  }
}

function outcomeOf(error: unknown, action: HostAction, run: StepRun): StepOutcome {
  const host = run.context.host.name;
  const doing = `${describeAction(action)} on host "${host}"`;
  if (error instanceof EngineError && error.trouble === 'status') {
    const { status, message } = error;
    const image = imageOf(action);
    const { login } = run;
    const told = explainPort(message, run);
    const failure = classifyRefusal(doing, { status, message: told, image, login });
    return { kind: 'failed', failure };
  }
  if (error instanceof SealedError) {
    return failed('infrastructure', 'SecretSealed', `Cannot ${doing}: ${error.message}`);
  }
  if (run.mutated) return { kind: 'unknown', reason: `${doing}: ${messageOf(error)}` };
  if (run.signal.aborted) return skipped('it was cancelled before anything was changed');
  return failed('infrastructure', 'HostUnreachable', `Cannot ${doing}: ${messageOf(error)}`);
}

/** What an action does, for messages: `start container "shop-web-1"`. */
function describeAction(action: HostAction): string {
  switch (action.kind) {
    case 'pull-image':
      return `pull image "${action.image}"`;
    case 'remove-image':
      return `remove image "${action.name}"`;
    case 'create-network':
      return `create network "${action.network.name}"`;
    case 'remove-network':
      return `remove network "${action.name}"`;
    case 'create-volume':
      return `create volume "${action.volume.name}"`;
    case 'remove-volume':
      return `remove volume "${action.name}"`;
    case 'create-container':
      return `create container "${containerNameOf(action.identity, action.service)}" from image "${action.service.container.image}"`;
    case 'deliver-files':
      return `deliver files to container "${action.name}"`;
    case 'connect-network':
      return `connect container "${action.name}" to network "${action.attachment.network}"`;
    case 'disconnect-network':
      return `disconnect container "${action.name}" from network "${action.network}"`;
    case 'run-hooks':
      return `run the hooks of container "${action.name}"`;
    case 'start-container':
    case 'unpause-container':
    case 'update-container':
    case 'rename-container':
    case 'stop-container':
    case 'remove-container':
      return `${action.kind.replace('-container', '')} container "${action.name}"`;
  }
}

function imageOf(action: HostAction): string {
  return action.kind === 'pull-image' ? action.image : '';
}

/** Names the container that holds a port, if it is one of this host; the engine does not say. */
function explainPort(message: string, run: StepRun): string {
  const port = refusedPort(message);
  if (port === null) return message;
  const { containers, unmanaged } = run.context.picture;
  const holder = [...containers, ...unmanaged].find((container) =>
    container.published.some(({ hostPort }) => hostPort === port),
  );
  return holder === undefined
    ? `port ${port} is already in use: ${message}`
    : `port ${port} is already in use by container "${holder.name}": ${message}`;
}
