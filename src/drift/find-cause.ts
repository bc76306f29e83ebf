import type { DriftCause, DriftItem } from '../model/drift.ts';
import type { EngineChange, EngineChangeKind } from '../model/engine-change.ts';
import { slotKey } from '../model/labels.ts';
import { networkPath } from './compare-networks.ts';

/** What an engine told of that explains a difference, or null: it told of nothing, or has forgotten it. */
export function findCause(item: DriftItem, changes: readonly EngineChange[]): DriftCause | null {
  if (changes.length === 0) return null;
  switch (item.class) {
    case 'missing':
      return findRemoval(item, changes);
    case 'stopped':
    case 'crash-loop':
      return findEnd(item, changes);
    case 'mutable-field':
      return isOfFile(item)
        ? findCopy(item, changes)
        : causeOf(ofContainer(item, changes, ['update']), 'docker update');
    case 'immutable-field':
      return isOfFile(item) ? findCopy(item, changes) : findCreation(item, changes);
    case 'paused':
      return causeOf(ofContainer(item, changes, ['pause']), 'docker pause');
    case 'renamed':
      return findRename(item, changes);
    case 'unhealthy':
      return causeOf(ofContainer(item, changes, ['health']), 'its HEALTHCHECK failed');
    case 'network':
      return item.containerId === null
        ? findObject(item, changes, 'network')
        : findAttachment(item, changes);
    case 'volume':
      return findObject(item, changes, 'volume');
    case 'copy':
    case 'duplicate':
      return findCreation(item, changes);
    case 'orphan':
    case 'tag-moved':
      return null;
  }
}

/** The last change of one of these kinds of the container that an item is about. */
function ofContainer(
  { containerId }: DriftItem,
  changes: readonly EngineChange[],
  kinds: readonly EngineChangeKind[],
): EngineChange | null {
  const last = changes.findLast(
    ({ kind, container }) => container === containerId && kinds.includes(kind),
  );
  return last ?? null;
}

function causeOf(change: EngineChange | null, detail: string): DriftCause | null {
  return change === null ? null : { kind: change.kind, at: change.at, detail };
}

function isOfFile({ path }: DriftItem): boolean {
  return ['volumes', 'configs', 'secrets', 'files'].some((kind) => path.startsWith(`${kind}.`));
}

function findCopy(item: DriftItem, changes: readonly EngineChange[]): DriftCause | null {
  return causeOf(ofContainer(item, changes, ['copy']), 'docker cp');
}

function findCreation(item: DriftItem, changes: readonly EngineChange[]): DriftCause | null {
  return causeOf(ofContainer(item, changes, ['create']), 'docker create');
}

function findRemoval(item: DriftItem, changes: readonly EngineChange[]): DriftCause | null {
  const key = slotKey(item);
  const last = changes.findLast(({ kind, slot }) => kind === 'destroy' && slot === key);
  return causeOf(last ?? null, 'docker rm');
}

function findRename(item: DriftItem, changes: readonly EngineChange[]): DriftCause | null {
  const rename = ofContainer(item, changes, ['rename']);
  if (rename === null) return null;
  return causeOf(rename, rename.detail === '' ? 'docker rename' : `docker rename ${rename.detail}`);
}

/** A stop sends a signal, which ends the program, and is over then: what is said is what somebody asked for. */
function findEnd(item: DriftItem, changes: readonly EngineChange[]): DriftCause | null {
  const die = ofContainer(item, changes, ['die']);
  if (die === null) return findCreation(item, changes);
  const near = (kind: EngineChangeKind): EngineChange | undefined =>
    changes.findLast(
      (other) =>
        other.container === item.containerId &&
        other.kind === kind &&
        Math.abs(other.at - die.at) <= longestStopMs,
    );
  const [stop, kill, oom] = [near('stop'), near('kill'), near('oom')];
  if (stop !== undefined) return { kind: 'stop', at: die.at, detail: 'docker stop' };
  if (kill !== undefined)
    return { kind: 'kill', at: die.at, detail: `killed by signal ${kill.detail}` };
  const exited = `exited with code ${die.detail}`;
  if (oom !== undefined) return { kind: 'oom', at: die.at, detail: `${exited} after oom` };
  return { kind: 'die', at: die.at, detail: exited };
}

/** What belongs to one end lies closer together, unless somebody gives the program long to end. */
const longestStopMs = 30_000;

function findAttachment(item: DriftItem, changes: readonly EngineChange[]): DriftCause | null {
  const last = changes.findLast(
    ({ kind, container, object }) =>
      (kind === 'connect' || kind === 'disconnect') &&
      container === item.containerId &&
      networkPath(item.application, object) === item.path,
  );
  return causeOf(last ?? null, `docker network ${last?.kind ?? ''}`);
}

/** A network or a volume as a whole: `networks.front.labels.team`. */
function findObject(
  { application, path }: DriftItem,
  changes: readonly EngineChange[],
  what: 'network' | 'volume',
): DriftCause | null {
  const prefix = `${application}_`;
  const last = changes.findLast(({ kind, container, object }) => {
    const key = object.startsWith(prefix) ? object.slice(prefix.length) : object;
    return container === null && kind === 'create' && path.startsWith(`${what}s.${key}.`);
  });
  return causeOf(last ?? null, `docker ${what} create`);
}
