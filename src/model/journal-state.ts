import type { AdoptedRecord } from './adoption.ts';
import type { AnalysisMap } from './analysis.ts';
import type { ApplicationSpec } from './application.ts';
import type { MetricStanding } from './autoscale.ts';
import type { HealedDrift, HealMark } from './healed-drift.ts';
import type { CommitSha, ContainerId, HostName, SpecHash } from './names.ts';
import type { ProofTally } from './proof.ts';

/**
 * What neither Git nor the hosts can tell. Losing it is survivable: last-known-good and quarantines are learnt anew,
 * epochs are read from labels, and nothing is pruned until it has been seen in an accepted commit again.
 */
export interface JournalState {
  readonly applications: ReadonlyMap<string, ApplicationRecord>;
  /** By slot key. */
  readonly slots: ReadonlyMap<string, SlotRecord>;
  /** Containers known to be ours by id. */
  readonly instances: ReadonlyMap<ContainerId, InstanceRecord>;
  /** Of hosts that are away or closed. */
  readonly hosts: ReadonlyMap<HostName, HostRecord>;
  /** Images that were pulled for the fleet, by `imageKey`; no engine tells who has pulled one. */
  readonly images: ReadonlyMap<string, ImageRecord>;
  /** What services were under when it was measured last, by `application/service`: for people. */
  readonly loads: ReadonlyMap<string, readonly MetricStanding[]>;
  /** What was measured last of canaries that are watched: for people, and never for a decision. */
  readonly analyses: AnalysisMap;
}

/** All times are milliseconds since the epoch. */
export interface ImageRecord {
  readonly host: HostName;
  readonly id: string;
  /** The application that it was pulled for first. */
  readonly application: string;
  /** As they were pulled, in their familiar form. */
  readonly references: readonly string[];
  readonly pulledAt: number;
  /** Since when nothing has needed it; null: something does, or nobody has looked. */
  readonly unusedSince: number | null;
  /** When its removal was begun last; null: never. */
  readonly removedAt: number | null;
}

export function imageKey(host: HostName, id: string): string {
  return `${host}/${id}`;
}

export interface HostRecord {
  /** Since when it has been away, in milliseconds since the epoch; null: it was not when it was looked at last. */
  readonly awaySince: number | null;
  /** Somebody has said that it is down; null: nobody has. */
  readonly fenced: { readonly at: number; readonly by: string } | null;
  /** It was given up while it was away; absent: it was not. */
  readonly lost?: true;
  /** What fleet.yaml keeps from it, as it was noted last; absent: nothing. */
  readonly use?: 'cordoned' | 'draining';
}

export interface InstanceRecord {
  /** The slot key that it fills. */
  readonly slot: string;
  /** We stopped it: that it has exited says nothing about its revision. */
  readonly retired: boolean;
  /** The hash of today of one whose labels bear an older release's; absent: its labels tell. */
  readonly hash?: SpecHash;
  /** Set for one that somebody else made and that was taken on. */
  readonly adopted?: AdoptedRecord;
  /** What has become of the hooks of its last start by us; absent: nothing is known. */
  readonly postStart?: PostStartRecord;
  /** Networks that it was taken off while they are made anew; absent: none. */
  readonly off?: readonly string[];
}

export type PostStartRecord =
  | { readonly kind: 'due' }
  | { readonly kind: 'done'; readonly at: number }
  | { readonly kind: 'failed'; readonly message: string };

export interface ApplicationRecord {
  readonly lastKnownGood: LastKnownGood | null;
  readonly rollout: RolloutRecord | null;
  /** Failed hashes, not tried again. */
  readonly quarantined: readonly Quarantine[];
  /** Since when nothing is changed; null: it is not suspended. */
  readonly suspension: Suspension | null;
  /** The digests that its versions have been made with, the newest last. */
  readonly pins?: readonly ImagePin[];
  /** What tags meant when their registry was asked last, by familiar reference. */
  readonly tags?: Readonly<Record<string, string>>;
  /** How many instances services are to have by their load, by service; absent: none goes by it. */
  readonly scales?: Readonly<Record<string, ScaleRecord>>;
  /** The accepted commit that no longer had it; null while the repository has it. */
  readonly removedBy: CommitSha | null;
}

export interface ScaleRecord {
  readonly replicas: number;
  /** Since when, in milliseconds since the epoch: what was measured before says nothing about this number. */
  readonly at: number;
  /** So many have been there since it was lower last: an instance of a higher slot is not missing, it is new. */
  readonly reached: number;
  /** The changes of the last seconds (see scalePeriodMs), the newest last. */
  readonly changes: readonly ScaleChange[];
}

export interface ScaleChange {
  readonly at: number;
  /** Instances added; negative: taken away. */
  readonly by: number;
}

/** The digest that the tag of a service's image meant when its version was first made: what is made later has it too. */
export interface ImagePin {
  readonly service: string;
  /** As the manifest resolves: without what a moved tag adds. */
  readonly hash: SpecHash;
  readonly digest: string;
  /** The digest that the tag has moved to since, when that was rolled out; null: it was not. */
  readonly rolled: string | null;
}

export interface LastKnownGood {
  readonly spec: ApplicationSpec;
  readonly commit: CommitSha;
  /** Services that were scaled to 0 all the time that it was watched: nothing has proved their version. */
  readonly untried: readonly string[];
}

export interface Suspension {
  readonly since: number;
  /** Someone said `suspend`: it lasts until someone says `resume`, whatever the manifest says. */
  readonly requested: boolean;
}

/** What is being rolled out, or back. All times are milliseconds since the epoch. */
export interface RolloutRecord {
  /** See `rolloutKey`. */
  readonly key: string;
  readonly commit: CommitSha;
  /** It undoes a failed revision. */
  readonly isRollback: boolean;
  readonly startedAt: number;
  /** When every slot was first seen done; null while some are not. */
  readonly settledAt: number | null;
  /** The last promotion of an instance. */
  readonly lastPromotedAt: number | null;
  /** When a step of a canary was last passed. */
  readonly lastStagePassedAt: number | null;
  /** Until then it was watched, or held up by what is not its fault: the deadline for progress counts from there. */
  readonly deadlinePutOffAt: number | null;
  /** How far the canaries are, by service; a service that is not in it is at its first step. */
  readonly stages: Readonly<Record<string, StageRecord>>;
  /** Someone said `promote`. */
  readonly isPromotionGranted: boolean;
  /** Failed tries of slots that did not fail the revision, the newest last. */
  readonly failures: readonly SlotFailure[];
  /** What became of requests meanwhile, by service; absent: none were sent. */
  readonly proofs?: Readonly<Record<string, ProofTally>>;
}

export interface StageRecord {
  /** Index into the steps of the service; their number when all are passed. */
  readonly index: number;
  /** When all canaries of the step were first seen well; null while some are not. */
  readonly settledAt: number | null;
}

/** One try of one slot that came to nothing. */
export interface SlotFailure {
  readonly service: string;
  readonly hash: SpecHash;
  readonly slot: string;
  readonly host: HostName;
  /** Null when the engine refused to make or start it. */
  readonly container: ContainerId | null;
  readonly reason: string;
  readonly message: string;
  readonly at: number;
  /**
   * `retried`: the slot has another try; `tolerated`: the manifest lets the rollout go on over it; `excused`: instances of
   * the old revision failed beside it, so it says nothing about the new one; `unseen`: the engine did not see it end, as
   * after a loss of power.
   */
  readonly verdict: 'retried' | 'tolerated' | 'excused' | 'unseen';
}

export interface Quarantine {
  readonly service: string;
  readonly hash: SpecHash;
  /** Digest of the gate that it failed. */
  readonly gate: string;
  /** Digest of what a commit may change in place, such as limits; an older release did not note it. */
  readonly live?: string;
  readonly commit: CommitSha;
  /** `x-fleetwright.retry` of the application when it failed: another number is another try. */
  readonly retry: number;
  readonly at: number;
  /** Null when it was given no host. */
  readonly host: HostName | null;
  /** Empty when it was not about one slot. */
  readonly slot: string;
  /** Stable code, such as `Unhealthy`, `Exited`, `DeadlineExceeded`, `CannotStart`. */
  readonly reason: string;
  readonly message: string;
  readonly log: readonly string[];
  readonly health: readonly string[];
}

export interface SlotRecord {
  readonly epoch: number;
  readonly hash: SpecHash;
  readonly host: HostName;
  /** The create was announced and its container has not been seen yet. */
  readonly pending: boolean;
  /** What serves in the slot goes before that container is made: it is not to be counted on any more. */
  readonly vacating: boolean;
  /** Repairs in a row; 0 after ten good minutes. */
  readonly repairs: number;
  readonly lastRepairAt: number;
  /** When a commit last changed its instance in place; absent: never. */
  readonly changedAt?: number;
  /** The last repairs of it that somebody may be working against, the newest last; absent: none. */
  readonly heals?: readonly HealMark[];
  /** Set when nothing asks for it any more, as after a lower load: the next instance is no repair of the last one. */
  readonly unasked?: true;
  /** Where somebody asked to move it; absent: nowhere, or it is there. */
  readonly movesTo?: HostName;
  /** It makes room on that host for another slot, or has made it; absent: it does not, or is placed again. */
  readonly evicted?: { readonly host: HostName; readonly by: string };
}

export const emptyJournal: JournalState = {
  applications: new Map(),
  slots: new Map(),
  instances: new Map(),
  hosts: new Map(),
  images: new Map(),
  loads: new Map(),
  analyses: new Map(),
};

export const emptyApplicationRecord: ApplicationRecord = {
  lastKnownGood: null,
  rollout: null,
  quarantined: [],
  suspension: null,
  removedBy: null,
};

/** A change of the journal that a decision asks for; written before the steps of the same decision are executed. */
export type JournalEntry =
  | {
      readonly kind: 'rollout-started';
      readonly application: string;
      readonly key: string;
      readonly commit: CommitSha;
      readonly isRollback: boolean;
      readonly at: number;
    }
  | {
      readonly kind: 'rollout-settled';
      readonly application: string;
      /** null: it is not settled any more. */
      readonly at: number | null;
    }
  | { readonly kind: 'promoted'; readonly application: string; readonly at: number }
  | {
      readonly kind: 'succeeded';
      readonly application: string;
      readonly spec: ApplicationSpec;
      readonly commit: CommitSha;
      readonly at: number;
    }
  | {
      readonly kind: 'quarantined';
      readonly application: string;
      readonly quarantine: Quarantine;
      /** The failed instance, whose log and health output are kept; null when the engine refused to make it. */
      readonly container: ContainerId | null;
    }
  | { readonly kind: 'rolled-back'; readonly application: string; readonly at: number }
  | {
      /** A service is to have so many instances, by its load. */
      readonly kind: 'scaled';
      readonly application: string;
      readonly service: string;
      /** null: that is only noted, and nothing is changed. */
      readonly from: number | null;
      readonly replicas: number;
      /** Such as `cpu 93 % above 70 %`. */
      readonly cause: string;
      readonly at: number;
    }
  | {
      /** All that a load has added are there. */
      readonly kind: 'scale-reached';
      readonly application: string;
      readonly service: string;
    }
  | {
      readonly kind: 'attempt-failed';
      readonly application: string;
      readonly failure: SlotFailure;
    }
  | {
      readonly kind: 'stage-settled';
      readonly application: string;
      readonly service: string;
      /** null: it is not settled any more. */
      readonly at: number | null;
    }
  | {
      readonly kind: 'stage-passed';
      readonly application: string;
      readonly service: string;
      /** Index of the step that comes next. */
      readonly next: number;
      readonly at: number;
    }
  | { readonly kind: 'deadline-put-off'; readonly application: string; readonly at: number }
  /** What became of requests during the rollout until now, all in all. */
  | {
      readonly kind: 'proof-noted';
      readonly application: string;
      readonly service: string;
      readonly proof: ProofTally;
    }
  | { readonly kind: 'promotion-granted'; readonly application: string; readonly at: number }
  | {
      readonly kind: 'suspended';
      readonly application: string;
      readonly requested: boolean;
      readonly at: number;
    }
  | {
      /** The clocks of the rollout go on from where they stood. */
      readonly kind: 'resumed';
      readonly application: string;
      readonly at: number;
    }
  /** Its failed hashes may be tried again. */
  | { readonly kind: 'retried'; readonly application: string; readonly at: number }
  | { readonly kind: 'host-away'; readonly host: HostName; readonly since: number }
  | { readonly kind: 'host-back'; readonly host: HostName }
  /** It has been away for so long that it is given up; until it is back. */
  | { readonly kind: 'host-lost'; readonly host: HostName }
  /** What fleet.yaml says of its use is not what it said before. */
  | {
      readonly kind: 'host-use';
      readonly host: HostName;
      readonly use: 'open' | 'cordoned' | 'draining';
    }
  /** Somebody says that it is down: it is not used, and what it had may run elsewhere. */
  | {
      readonly kind: 'host-fenced';
      readonly host: HostName;
      readonly by: string;
      readonly at: number;
    }
  | { readonly kind: 'host-unfenced'; readonly host: HostName }
  /** What somebody asked for has been taken up, or turned down for the reason. */
  | {
      readonly kind: 'request-answered';
      readonly request: number;
      /** Empty when it is about a host. */
      readonly application: string;
      readonly accepted: boolean;
      readonly message: string;
      readonly at: number;
    }
  | {
      readonly kind: 'slot-reserved';
      readonly slot: string;
      readonly epoch: number;
      readonly hash: SpecHash;
      readonly host: HostName;
      readonly vacating: boolean;
    }
  | {
      readonly kind: 'instance-seen';
      readonly slot: string;
      readonly container: ContainerId;
      readonly epoch: number;
      readonly hash: SpecHash;
      readonly host: HostName;
    }
  | {
      /** From now on it is ours, though nothing on it says so. */
      readonly kind: 'instance-adopted';
      readonly slot: string;
      readonly container: ContainerId;
      /** For people. */
      readonly name: string;
      readonly host: HostName;
      readonly adopted: AdoptedRecord;
    }
  | {
      /** Announced before the stop. */
      readonly kind: 'instance-retired';
      readonly slot: string;
      readonly container: ContainerId;
    }
  | {
      readonly kind: 'instance-gone';
      readonly slot: string;
      readonly container: ContainerId;
    }
  /** It is started again, after which its hooks are to run. */
  | { readonly kind: 'hooks-due'; readonly slot: string; readonly container: ContainerId }
  | {
      readonly kind: 'hooks-ended';
      readonly slot: string;
      readonly container: ContainerId;
      /** Why one of them failed; null: none did. */
      readonly failure: string | null;
      readonly at: number;
    }
  | {
      readonly kind: 'repaired';
      readonly slot: string;
      readonly repairs: number;
      readonly at: number;
      /** Absent: it is about no drift, such as hooks that are run again. */
      readonly drift?: HealedDrift;
    }
  /** The version of an instance that an older release made, before what that release went by is given up. */
  | {
      readonly kind: 'hash-renewed';
      readonly slot: string;
      readonly container: ContainerId;
      readonly hash: SpecHash;
    }
  /** Somebody asked to even out the fleet: the slot is to be on that host. */
  | { readonly kind: 'move-asked'; readonly slot: string; readonly to: HostName }
  /** It is there, or it stays where it is, for the reason. */
  | { readonly kind: 'move-ended'; readonly slot: string; readonly reason: string }
  /** It begins to make room on its host for a slot that is more important. */
  | {
      readonly kind: 'slot-evicted';
      readonly slot: string;
      readonly host: HostName;
      /** Key of the slot that is to have its room. */
      readonly by: string;
    }
  /** It has a host again. */
  | { readonly kind: 'eviction-ended'; readonly slot: string }
  /** A commit changes the instance of the slot in place. */
  | { readonly kind: 'changed-in-place'; readonly slot: string; readonly at: number }
  /** All networks that an instance is taken off, as long as they are made anew; none: it is on them again. */
  | {
      readonly kind: 'networks-off';
      readonly slot: string;
      readonly container: ContainerId;
      readonly networks: readonly string[];
    }
  | { readonly kind: 'image-pinned'; readonly application: string; readonly pin: ImagePin }
  /** The registry was asked what a tag means, and it is not what it meant before. */
  | {
      readonly kind: 'tag-seen';
      readonly application: string;
      readonly image: string;
      readonly digest: string;
    }
  | {
      readonly kind: 'image-pulled';
      readonly host: HostName;
      readonly id: string;
      readonly reference: string;
      /** The host had it under no other name. */
      readonly isNew: boolean;
      readonly application: string;
      readonly at: number;
    }
  | {
      readonly kind: 'image-unused';
      readonly host: HostName;
      readonly id: string;
      /** null: something needs it again. */
      readonly at: number | null;
    }
  /** Announced before it is removed. */
  | {
      readonly kind: 'image-removal';
      readonly host: HostName;
      readonly id: string;
      readonly at: number;
    }
  | { readonly kind: 'image-gone'; readonly host: HostName; readonly id: string }
  | { readonly kind: 'application-seen'; readonly application: string }
  | {
      readonly kind: 'application-removed';
      readonly application: string;
      readonly commit: CommitSha;
    }
  | { readonly kind: 'pruned'; readonly application: string; readonly at: number };
