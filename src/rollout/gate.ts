import type { Gate } from '../model/application.ts';
import type { ContainerId } from '../model/names.ts';
import type { ObservedContainer } from '../model/observation.ts';
import type { ProbeResult, Readiness, ReadinessMap } from '../model/readiness.ts';

/** What the gate says of an instance on probation. */
export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'waiting'; readonly until: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string };

/**
 * Judges an instance by its gate. It passes when it was ready without a break for `minHealthyTime`, and was found so at the
 * end of it too: that time has passed says nothing when nobody has asked. The deadline counts from the start of the
 * container and is not enforced while it is ready, so that an operator that was away judges anew.
 *
 * @param since when its hooks ended: the deadline does not count from before
 */
export function judge(
  container: ObservedContainer,
  gate: Gate,
  readiness: Readiness | undefined,
  now: number,
  since = 0,
): Verdict {
  if (container.state === 'exited' || container.state === 'dead') return exited(container);
  const deadline = Math.max(container.startedAt ?? now, since) + gate.healthyDeadlineMs;
  if (container.state === 'restarting') return exited(container);
  if (container.health === 'unhealthy' && container.state === 'running') {
    return { kind: 'failed', reason: 'Unhealthy', message: 'its HEALTHCHECK reports unhealthy' };
  }
  if (readiness === undefined || readiness.startedAt !== container.startedAt) {
    return { kind: 'waiting', until: Math.max(deadline, now + lookAgainMs), reason: notProbed };
  }
  if (readiness.readySince === null) return notReady(readiness, deadline, gate, now);
  const until = readiness.readySince + gate.minHealthyTimeMs;
  if (readiness.passed) return { kind: 'passed' };
  if (now < until) return { kind: 'waiting', until, reason: 'ready, must stay so' };
  return { kind: 'waiting', until: now + lookAgainMs, reason: 'ready, is asked once more' };
}

function exited(container: ObservedContainer): Verdict {
  const how = container.oomKilled ? 'was killed for want of memory' : 'exited';
  return {
    kind: 'failed',
    reason: container.oomKilled ? 'OutOfMemory' : 'Exited',
    message: `it ${how} with code ${container.exitCode} before it was ready`,
  };
}

/** How soon a look that is overdue is asked for again. */
const lookAgainMs = 500;

function notReady(readiness: Readiness, deadline: number, gate: Gate, now: number): Verdict {
  const { reason, checkedAt } = readiness;
  if (now < deadline) return { kind: 'waiting', until: deadline, reason };
  // An operator that was away has missed the deadline itself, and must look before it judges.
  if (checkedAt === null || checkedAt < deadline) {
    return { kind: 'waiting', until: now + lookAgainMs, reason };
  }
  return {
    kind: 'failed',
    reason: 'DeadlineExceeded',
    message: `it was not ready within ${gate.healthyDeadlineMs / 1000} s: ${reason}`,
  };
}

/** What readiness is judged from, for one running container. */
export interface Watched {
  readonly container: ObservedContainer;
  readonly gate: Gate;
  /** It was promoted, and is asked again: see recovering.ts. */
  readonly isAskedAnew?: boolean;
}

/**
 * Carries readiness forward: the time since which each container has been ready without a break. A restart, a failed
 * probe, a pause or an unhealthy check begin it anew.
 */
export function trackReadiness(
  previous: ReadinessMap,
  watched: readonly Watched[],
  probes: ReadonlyMap<ContainerId, ProbeResult>,
  now: number,
): ReadinessMap {
  const next = new Map<ContainerId, Readiness>();
  for (const { container, gate } of watched) {
    const startedAt = container.startedAt;
    if (startedAt === null) continue;
    const probe = probes.get(container.id);
    const reason = whyNotReady(container, gate, probe);
    const checkedAt = checkedAtOf(gate, reason, probe, now);
    const before = previous.get(container.id);
    const since = before?.startedAt === startedAt ? before.readySince : null;
    // By our own clock, and not from the start that the host's clock tells.
    const began = gate.probe === null ? now : (probe?.at ?? now);
    const readySince = reason === '' ? (since ?? began) : null;
    const passed = hasPassed(gate, readySince, checkedAt);
    next.set(container.id, { startedAt, readySince, passed, reason, checkedAt });
  }
  return next;
}

function hasPassed(
  { minHealthyTimeMs }: Gate,
  readySince: number | null,
  checkedAt: number | null,
): boolean {
  if (readySince === null || checkedAt === null) return false;
  return checkedAt >= readySince + minHealthyTimeMs;
}

/** The state and the check of a container are as fresh as the picture of its host; an answer is as old as it is. */
function checkedAtOf(
  gate: Gate,
  reason: string,
  probe: ProbeResult | undefined,
  now: number,
): number | null {
  if (reason === notProbed) return null;
  const isByProbe = reason === '' ? gate.probe !== null : reason === probe?.detail;
  return isByProbe ? (probe?.at ?? null) : now;
}

const notProbed = 'not probed yet';

function whyNotReady(
  container: ObservedContainer,
  gate: Gate,
  probe: ProbeResult | undefined,
): string {
  if (container.state !== 'running') return `it is ${container.state}`;
  if (container.health === 'starting') return 'its HEALTHCHECK has not passed yet';
  if (container.health === 'unhealthy') return 'its HEALTHCHECK reports unhealthy';
  if (gate.probe === null) return '';
  if (probe === undefined || probe.startedAt !== container.startedAt) return notProbed;
  return probe.ok ? '' : probe.detail;
}
