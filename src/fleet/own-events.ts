import { containerNameOf } from '../model/labels.ts';
import type { ContainerId } from '../model/names.ts';
import type { Action } from '../model/step.ts';
import type { WireEvent } from './wire.ts';

/** Events of a step that are not here yet when its call has been answered: they come over another connection. */
const lateMs = 1_000;

type Counts = Readonly<Record<string, number>>;

/** Whether a container is one of those that are read in full. */
export type IsOurs = (container: ContainerId) => boolean;

/** An event as it came. */
export interface TakenEvent {
  readonly event: WireEvent;
  readonly receivedAt: number;
  readonly isOurs: IsOurs;
}

/** What a step is owed. */
export interface Owed {
  /** The step is over: what does not come soon is not its own. */
  readonly end: (now: number) => void;
  /** The step has made no events: gives those that were taken for its own. */
  readonly giveBack: () => readonly TakenEvent[];
}

interface Expected {
  readonly subject: string;
  readonly left: Map<string, number>;
  readonly taken: TakenEvent[];
  /** Milliseconds since the epoch; null: the step is under way. */
  until: number | null;
}

/** Tells the events that our own steps make from those of others: each step is owed so many of each action. */
export class OwnEvents {
  #expected: Expected[] = [];

  /** A step begins. */
  expect(action: Action): Owed {
    const subject = subjectOf(action);
    const left = new Map(Object.entries(eventsOf[action.kind] ?? {}));
    const expected: Expected = { subject, left, taken: [], until: null };
    if (subject !== '') this.#expected.push(expected);
    return {
      end: (now) => {
        expected.until = now + lateMs;
      },
      giveBack: () => {
        this.#expected = this.#expected.filter((other) => other !== expected);
        return expected.taken;
      },
    };
  }

  /** Whether an event is one that a step of ours is owed; it is counted then. */
  takes(came: TakenEvent): boolean {
    const { event, receivedAt } = came;
    if (this.#expected.length === 0) return false;
    this.#expected = this.#expected.filter(({ until }) => until === null || receivedAt <= until);
    const { ID: id = '', Attributes: attributes } = event.Actor ?? {};
    const names = [id, attributes?.['name'], attributes?.['container']];
    const action = event.Action ?? '';
    const owed = this.#expected.find(
      ({ subject, left }) => names.includes(subject) && (left.get(action) ?? 0) > 0,
    );
    if (owed === undefined) return false;
    owed.left.set(action, (owed.left.get(action) ?? 0) - 1);
    owed.taken.push(came);
    return true;
  }
}

/** Id or name of what a step works on; empty when its events explain nothing. */
function subjectOf(action: Action): string {
  switch (action.kind) {
    case 'create-container':
      return containerNameOf(action.identity, action.service);
    case 'create-network':
      return action.network.name;
    case 'create-volume':
      return action.volume.name;
    case 'remove-network':
    case 'remove-volume':
      return action.name;
    case 'pull-image':
    case 'remove-image':
      return '';
    default:
      return action.guard.id;
  }
}

const many = Number.POSITIVE_INFINITY;
/** A stop sends a signal, and another one when that is not obeyed. */
const end: Counts = { kill: 2, die: 1, stop: 1, disconnect: many };

const eventsOf: Partial<Record<Action['kind'], Counts>> = {
  'connect-network': { connect: 1, disconnect: 1 },
  'create-container': { create: 1, connect: many, disconnect: many, 'extract-to-dir': many },
  'create-network': { create: 1 },
  'create-volume': { create: 1 },
  'deliver-files': { ...end, kill: many, connect: many, 'extract-to-dir': many },
  'disconnect-network': { disconnect: 1 },
  'remove-container': { ...end, destroy: 1 },
  'remove-network': { destroy: 1 },
  'remove-volume': { destroy: 1 },
  'rename-container': { rename: 1 },
  'start-container': { connect: many },
  'stop-container': end,
  'update-container': { update: 1 },
};
