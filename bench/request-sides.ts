import type { Sandbox } from '../src/sandbox/sandbox.ts';
import type { LoadTarget } from '../test/support/constant-load.ts';
import { openCompose } from './request-compose.ts';
import { openOurs } from './request-ours.ts';
import { openSwarm } from './request-swarm.ts';

/** What is changed under load, in this order. */
export const changeNames = ['update', 'rollback', 'scale', 'drain'] as const;
export type ChangeName = (typeof changeNames)[number];

/** Where a side works: three engines that are empty, and are left so. */
export interface RequestGround {
  readonly sandbox: Sandbox;
  /** An empty folder. */
  readonly dir: string;
  readonly signal: AbortSignal;
}

/** Six instances of the old version behind a proxy. Disposing of it leaves the engines empty. */
export interface RequestSide extends AsyncDisposable {
  readonly target: LoadTarget;
  /** Each resolves when the side says that it is through; null: it knows no such change. */
  readonly changes: Readonly<Record<ChangeName, (() => Promise<void>) | null>>;
}

export const requestSides = {
  ours: openOurs,
  swarm: openSwarm,
  compose: openCompose,
} as const satisfies Record<string, (ground: RequestGround) => Promise<RequestSide>>;

export type RequestSideName = keyof typeof requestSides;
