import { getArchive, putArchive } from './archives.ts';
import type { ApiRequest, ApiResponse, Pending } from './api.ts';
import { isPending, ok, pending, refusal } from './api.ts';
import type { Container } from './container.ts';
import {
  kill,
  pause,
  remove,
  rename,
  restart,
  start,
  stop,
  unpause,
  update,
} from './container-calls.ts';
import { readLog } from './container-log.ts';
import { createContainer } from './create-container.ts';
import type { EngineState } from './engine-state.ts';
import { mutated } from './engine-state.ts';
import { pastEvents } from './events.ts';
import { inspectExec, makeExec, startExec } from './exec.ts';
import { findContainer, noSuchContainer } from './find-container.ts';
import { engineInfo, engineVersion } from './facts.ts';
import { removeImage } from './remove-image.ts';
import { inspectImage, listImages, lookUpImage, pullImage, tagImage } from './images.ts';
import { inspectBody, listedBody } from './inspect.ts';
import {
  connectNetwork,
  createNetwork,
  disconnectNetwork,
  inspectNetwork,
  listNetworks,
  removeNetwork,
} from './networks.ts';
import { readStats } from './usage.ts';
import { createVolume, inspectVolume, listVolumes, removeVolume } from './volumes.ts';

type Answer = ApiResponse | Pending;

const notFound = refusal(404, 'page not found');
/** Answers a request as an engine does that is up. */
export function dispatch(state: EngineState, request: ApiRequest): Answer {
  const { path, query } = request;
  const refused = bodyRefusal(state, request);
  if (refused !== null) return refused;
  const [, root = '', first = '', second = ''] = path.split('/');
  switch (root) {
    case '_ping':
      return ok('OK');
    case 'version':
      return ok(engineVersion(state));
    case 'info':
      return ok(engineInfo(state));
    case 'events':
      return ok(query['until'] === undefined ? null : pastEvents(state, query));
    case 'containers':
      return aboutContainers(state, request, first, second);
    case 'exec':
      return second === 'start' ? startExec(state, first) : inspectExec(state, first);
    case 'networks':
      return aboutNetworks(state, request, first, second);
    case 'volumes':
      return aboutVolumes(state, request, first);
    case 'images':
      return aboutImages(state, request, first, path.slice('/images/'.length), query);
    case 'distribution':
      return lookUpImage(state, path.slice('/distribution/'.length).replace(/\/json$/, ''));
    default:
      return notFound;
  }
}

const needsBody = /^\/(containers|networks|volumes)\/(create|[^/]+\/(update|connect|disconnect))$/;

/** What a client that sends no body is told; an object without fields is sent as none. */
function bodyRefusal(state: EngineState, request: ApiRequest): ApiResponse | null {
  const { method, path } = request;
  if (method !== 'POST' || Object.keys(bodyOf(request)).length > 0) return null;
  if (state.apiVersion === '1.41') return needsBody.test(path) ? refusal(500, 'EOF') : null;
  // To a newer engine it says nothing about the container, the network, or the volume.
  return path === '/containers/create'
    ? refusal(400, 'invalid JSON: got EOF while reading request body')
    : null;
}

/** Waits until a start of the container is over: the engine's lock. */
export function exclusively(state: EngineState, container: Container, act: () => Answer): Answer {
  const { starting } = container;
  if (starting === null) {
    return state.containers.has(container.id) ? act() : noSuchContainer(container.id);
  }
  return pending((reply) => {
    starting.push(() => {
      const answer = exclusively(state, container, act);
      if (isPending(answer)) void answer.later.then(reply);
      else reply(answer);
    });
    return null;
  });
}

function aboutContainers(
  state: EngineState,
  request: ApiRequest,
  first: string,
  verb: string,
): Answer {
  const { method, query } = request;
  if (verb === '' && method === 'GET' && first === 'json') return listContainers(state, query);
  if (verb === '' && method === 'POST' && first === 'create') {
    const name = query['name'] ?? '';
    const answer = createContainer(state, name, bodyOf(request), 'api');
    if (answer.status === 201) mutated(state, `create ${name}`);
    return answer;
  }
  const container = findContainer(state, first);
  if (container === null) return noSuchContainer(first);
  if (method === 'GET') return readContainer(state, container, first, verb, query);
  return exclusively(state, container, () =>
    changeContainer(state, request, container, first, verb),
  );
}

function readContainer(
  state: EngineState,
  container: Container,
  asked: string,
  verb: string,
  query: ApiRequest['query'],
): Answer {
  if (verb === 'archive') return getArchive(state, container, asked, query['path'] ?? '');
  if (verb === 'json') return ok(inspectBody(state, container));
  if (verb === 'stats') return readStats(state, container);
  return verb === 'logs' ? readLog(container, query) : notFound;
}

function changeContainer(
  state: EngineState,
  request: ApiRequest,
  container: Container,
  asked: string,
  verb: string,
): Answer {
  const { method, query } = request;
  switch (`${method} ${verb}`) {
    case 'POST exec':
      return makeExec(state, container, bodyOf(request));
    case 'POST start':
      return start(state, container, 'api');
    case 'POST stop':
      return stop(state, container, query['t'], 'api');
    case 'POST kill':
      return kill(state, container, asked, query['signal'], 'api');
    case 'POST restart':
      return restart(state, container, query['t'], 'api');
    case 'POST pause':
      return pause(state, container, 'api');
    case 'POST unpause':
      return unpause(state, container, 'api');
    case 'POST update':
      return update(state, container, bodyOf(request), 'api');
    case 'POST rename':
      return rename(state, container, query['name'] ?? '', 'api');
    case 'PUT archive':
      return putArchive(state, container, asked, query['path'] ?? '', request.archive);
    case 'DELETE ': {
      const options = { force: isTrue(query['force']), volumes: isTrue(query['v']) };
      return remove(state, container, options, 'api');
    }
    default:
      return notFound;
  }
}

/** The newest first. */
function listContainers(state: EngineState, query: ApiRequest['query']): Answer {
  const all = isTrue(query['all']);
  const rows: object[] = [];
  for (const container of state.containers.values()) {
    if (all || container.isRunning) rows.push(listedBody(state, container));
  }
  return ok(rows.toReversed());
}

function aboutNetworks(
  state: EngineState,
  request: ApiRequest,
  first: string,
  verb: string,
): Answer {
  const { method, query } = request;
  if (first === '') return listNetworks(state, query['filters']);
  if (method === 'POST' && first === 'create') return createNetwork(state, bodyOf(request));
  switch (`${method} ${verb}`) {
    case 'GET ':
      return inspectNetwork(state, first);
    case 'DELETE ':
      return removeNetwork(state, first);
    case 'POST connect':
      return connectNetwork(state, first, bodyOf(request), 'api');
    case 'POST disconnect':
      return disconnectNetwork(state, first, bodyOf(request), 'api');
    default:
      return notFound;
  }
}

function aboutVolumes(state: EngineState, request: ApiRequest, first: string): Answer {
  const { method } = request;
  if (first === '') return listVolumes(state, request.query['filters']);
  if (method === 'POST' && first === 'create') return createVolume(state, bodyOf(request));
  if (method === 'GET') return inspectVolume(state, first);
  return method === 'DELETE' ? removeVolume(state, first) : notFound;
}

/** Names of images have slashes in them. */
function aboutImages(
  state: EngineState,
  request: ApiRequest,
  first: string,
  rest: string,
  query: ApiRequest['query'],
): Answer {
  if (rest === 'json') return listImages(state);
  if (request.method === 'POST' && first === 'create') {
    return pullImage(state, query['fromImage'] ?? '', query['tag'] || 'latest');
  }
  if (request.method === 'DELETE') return removeImage(state, rest);
  const end = rest.lastIndexOf('/');
  const name = rest.slice(0, end);
  switch (`${request.method} ${rest.slice(end + 1)}`) {
    case 'GET json':
      return inspectImage(state, name);
    case 'POST tag':
      return tagImage(state, name, query['repo'] ?? '', query['tag'] ?? '');
    default:
      return notFound;
  }
}

/** Every field of every body may be absent. */
function bodyOf(request: ApiRequest): object {
  return typeof request.body === 'object' && request.body !== null ? request.body : {};
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
