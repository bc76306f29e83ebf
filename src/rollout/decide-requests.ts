import type { ApplicationSpec } from '../model/application.ts';
import type { ApplicationRecord, JournalEntry } from '../model/journal-state.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import { familiarReference } from '../model/image.ts';
import type { OperatorRequest } from '../model/request.ts';
import { versionsOf } from '../model/variants.ts';
import { adoptionEntries, decideAdoptions, replacingEntries } from './decide-adoption.ts';
import { answerRebalance } from './decide-rebalance.ts';
import { answerAboutHost } from './decide-fence.ts';
import { isAdoptable } from './claims.ts';
import { pinnedImage } from './image-pins.ts';
import { quarantineEntry } from './quarantine.ts';
import { stageOf } from './stages.ts';
import type { Target } from './target.ts';
import { aborted, concerns, isProven, rolloutKey, targetOf } from './target.ts';
import type { World } from './world.ts';

/** What a request comes to: entries that carry it out, or why it cannot be. */
export type Answer =
  | { readonly accepted: true; readonly entries: readonly JournalEntry[]; readonly message: string }
  | { readonly accepted: false; readonly message: string };

/**
 * Everybody who asked gets an answer, in the order of asking; requests for one application, or one host, are taken one per
 * decision. Those for volumes are answered with what comes of them.
 */
export function decideRequests(world: World): readonly JournalEntry[] {
  const answered = new Set<string>();
  return world.requests.flatMap((request) => {
    const { id, application, volume } = request;
    if (volume !== undefined) return [];
    const subject = subjectOf(request);
    if (answered.has(subject)) return [];
    answered.add(subject);
    const answer = answerTo(world, request);
    const { accepted, message } = answer;
    const entries = answer.accepted ? answer.entries : [];
    const at = world.now;
    return [
      ...entries,
      { kind: 'request-answered', request: id, application, accepted, message, at },
    ];
  });
}

/** What is moved is judged by where all else is to be: never two at a time. */
function subjectOf({ kind, application, host }: OperatorRequest): string {
  if (kind === 'rebalance') return 'rebalance';
  return host === undefined ? `application ${application}` : `host ${host}`;
}

function answerTo(world: World, request: OperatorRequest): Answer {
  const { application, host } = request;
  if (request.kind === 'rebalance') return answerRebalance(world, request);
  if (host !== undefined) return answerAboutHost(world, request, host);
  const spec = world.desired.applications.find(({ name }) => name === application);
  if (spec === undefined) return refused(`the repository has no application "${application}"`);
  const record = world.journal.applications.get(application) ?? emptyApplicationRecord;
  const target = targetOf(spec, world.desired.revision.commit, record);
  switch (request.kind) {
    case 'suspend':
      return suspend(world, spec, record);
    case 'resume':
      return resume(world, spec, record);
    case 'retry':
      return retry(world, spec, record, target);
    case 'promote':
      return promote(world, spec, record, target);
    case 'abort':
      return abort(world, spec, record, target, request);
    case 'adopt':
      return adopt(world, spec, false);
    case 'adopt-replace':
      return adopt(world, spec, true);
    case 'fence':
    case 'unfence':
    case 'remove-volume':
      return refused('it is no host');
  }
}

function suspend(world: World, spec: ApplicationSpec, { suspension }: ApplicationRecord): Answer {
  if (suspension?.requested === true) return accepted([], 'it is suspended already');
  const entry = {
    kind: 'suspended',
    application: spec.name,
    requested: true,
    at: world.now,
  } as const;
  return accepted([entry], 'suspended: nothing is changed and nothing is healed until "resume"');
}

function resume(world: World, spec: ApplicationSpec, { suspension }: ApplicationRecord): Answer {
  if (spec.suspend) {
    return refused(`the manifest says "suspend: true" (${spec.file}): take it out in a commit`);
  }
  if (suspension === null) return refused('it is not suspended');
  const entry = { kind: 'resumed', application: spec.name, at: world.now } as const;
  return accepted([entry], 'resumed');
}

function retry(
  world: World,
  spec: ApplicationSpec,
  record: ApplicationRecord,
  target: Target,
): Answer {
  const isStepFailed = [...world.failures.keys()].some((key) =>
    isOwnStep(key, record, spec, target),
  );
  if (target.failed.length === 0 && !isStepFailed) return retryGroup(world, spec);
  const entry = { kind: 'retried', application: spec.name, at: world.now } as const;
  const what = target.failed.length === 0 ? 'what failed' : 'the failed revision';
  return accepted([entry], `${what} is tried once more`);
}

/** What went back only with its group comes again when those come that failed. */
function retryGroup({ desired, journal, now }: World, spec: ApplicationSpec): Answer {
  const { rolloutGroup } = spec;
  const failed = desired.applications.filter((member) => {
    if (rolloutGroup === null || member.rolloutGroup !== rolloutGroup) return false;
    const record = journal.applications.get(member.name) ?? emptyApplicationRecord;
    return targetOf(member, desired.revision.commit, record).failed.length > 0;
  });
  if (failed.length === 0) {
    return refused('nothing of it has failed: there is nothing to try again');
  }
  const names = failed.map(({ name }) => name);
  const entries = names.map((application) => ({ kind: 'retried', application, at: now }) as const);
  return accepted(entries, `what failed in its group is tried once more: ${names.join(', ')}`);
}

/** Whether a step with this key was one for the application: on a slot of it, or for something that its services need. */
function isOwnStep(
  key: string,
  record: ApplicationRecord,
  spec: ApplicationSpec,
  target: Target,
): boolean {
  const needs = [spec, target.spec].flatMap(({ services, networks, volumes }) => [
    ...services
      .flatMap(versionsOf)
      .flatMap((service) =>
        [service.container.image, pinnedImage(record, service)].map(
          (image) => `/image/${familiarReference(image)}`,
        ),
      ),
    ...networks.map(({ name }) => `/network/${name}`),
    ...volumes.map(({ name }) => `/volume/${name}`),
  ]);
  return key.startsWith(`${spec.name}/`) || needs.some((need) => key.endsWith(need));
}

function promote(
  world: World,
  spec: ApplicationSpec,
  record: ApplicationRecord,
  target: Target,
): Answer {
  const { rollout } = record;
  const isUnderWay = rollout?.key === rolloutKey(spec) && target.mode === 'desired';
  if (isUnderWay && rollout.isPromotionGranted) {
    return accepted([], 'it is promoted already');
  }
  const hasCanaries = spec.services.some(
    (service) => stageOf(record, target, service, Math.max(1, service.replicas)) !== null,
  );
  if (!isUnderWay || !hasCanaries) return refused('no canary of it is under way');
  const entry = { kind: 'promotion-granted', application: spec.name, at: world.now } as const;
  return accepted([entry], 'promoted: the new revision takes over all slots');
}

/** Giving up a rollout is a failure by request: what it does is what any failure does. */
function abort(
  world: World,
  spec: ApplicationSpec,
  record: ApplicationRecord,
  target: Target,
  { by }: OperatorRequest,
): Answer {
  const open = spec.services
    .flatMap(versionsOf)
    .filter(({ name, hash }) => !isProven(record, name, hash));
  const isUnderWay = target.mode === 'halted' || record.rollout?.isRollback === false;
  if (!isUnderWay || target.mode === 'rollback' || open.length === 0) {
    return refused('no rollout of it is under way');
  }
  const entries = open.map((service) => {
    const failed = target.failed.find((one) => concerns(one, service, spec.retry));
    const before = failed === undefined ? '' : `, after it had failed: ${failed.message}`;
    const parts = { application: spec.name, desired: spec, target, world };
    const entry = quarantineEntry(parts, service, {
      slot: failed?.slot ?? '',
      host: failed?.host ?? null,
      container: null,
      reason: aborted,
      message: `the rollout was aborted by ${by}${before}`,
    });
    const { log = [], health = [] } = failed ?? {};
    return { ...entry, quarantine: { ...entry.quarantine, log, health } };
  });
  const good = record.lastKnownGood;
  const next =
    good === null
      ? 'there is no earlier version to go back to'
      : `it goes back to ${good.commit.slice(0, 10)}`;
  return accepted(entries, `aborted: ${next}`);
}

/** What is as the commit asks is taken on without a word; what is asked here is what became of it, or to take on the rest. */
function adopt(world: World, spec: ApplicationSpec, replaces: boolean): Answer {
  const adoption = decideAdoptions(world).find(({ application }) => application === spec.name);
  if (adoption === undefined) {
    if (spec.adopt !== undefined) return refused('it is suspended: nothing of it is changed');
    return refused(`its manifest (${spec.file}) names nothing to adopt under x-fleetwright.adopt`);
  }
  const { refusal, claims, superseded } = adoption;
  const isDecided = replaces && refusal?.kind === 'differs';
  if (refusal !== null && !isDecided) return refused(refusal.message);
  const entries = replaces ? replacingEntries(adoption) : adoptionEntries([adoption]);
  if (entries.length === 0) {
    return superseded.length > 0
      ? refused('its slots have instances already: "--replace" has what is left over removed')
      : accepted([], 'nothing is left to adopt');
  }
  const names = entries.flatMap((entry) => (entry.kind === 'instance-adopted' ? [entry.name] : []));
  const differing = [...claims, ...superseded].filter((claim) => !isAdoptable(claim)).length;
  const rest = differing === 0 ? '' : `; ${differing} of them differ and are replaced`;
  return accepted(entries, `adopted: ${names.join(', ')}${rest}`);
}

function accepted(entries: readonly JournalEntry[], message: string): Answer {
  return { accepted: true, entries, message };
}

function refused(message: string): Answer {
  return { accepted: false, message };
}
