import { containerNameOf } from '../model/labels.ts';
import type { Action } from '../model/step.ts';
import type { WireEvent } from './wire.ts';

/** Events of a step that are not here yet when its call has been answered: they come over another connection. */
const lateMs = 1_000;

type Counts = Readonly<Record<string, number>>;

interface Expected {
  readonly subject: string;
  readonly left: Map<string, number>;
  /** Milliseconds since the epoch; null: the step is under way. */
  until: number | null;
}

/** Tells the events that our own steps make from those of others: each step is owed so many of each action. */
export class OwnEvents {
  #expected: Expected[] = [];

  /** A step begins. Returns the way to say, with the time, that it is over. */
  expect(action: Action): (now: number) => void {
    const subject = subjectOf(action);
    if (subject === '') return () => {};
    const expected: Expected = {
      subject,
      left: new Map(Object.entries(eventsOf[action.kind] ?? {})),
      until: null,
    };
    this.#expected.push(expected);
    return (now) => {
      expected.until = now + lateMs;
    };
  }

  /** Whether an event that came at `now` is one that a step of ours is owed; it is counted then. */
  takes(event: WireEvent, now: number): boolean {
    if (this.#expected.length === 0) return false;
    this.#expected = this.#expected.filter(({ until }) => until === null || now <= until);
    const { ID: id = '', Attributes: attributes } = event.Actor ?? {};
    const names = [id, attributes?.['name'], attributes?.['container']];
    const action = event.Action ?? '';
    const owed = this.#expected.find(
      ({ subject, left }) => names.includes(subject) && (left.get(action) ?? 0) > 0,
    );
    if (owed === undefined) return false;
    owed.left.set(action, (owed.left.get(action) ?? 0) - 1);
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
