import type { StepOutcome } from '../model/step.ts';
import type { ProxyReading, ProxyState, TrafficChange } from '../model/traffic.ts';
import type { ProxyAnswer } from '../traffic/traffic-router.ts';

/** What is known of a proxy after it was asked. */
export function readingAfter(
  before: ProxyReading | undefined,
  answer: ProxyAnswer,
  startedAt: number,
  now: number,
): ProxyReading {
  if (typeof answer === 'string') {
    const since = before?.kind === 'silent' ? before.since : now;
    return { kind: 'silent', startedAt, since, reason: answer };
  }
  const { state } = answer;
  const known = before?.kind === 'read' ? before.leavingSince : {};
  const leaving = state.servers.filter(({ isReady }) => !isReady);
  const leavingSince = Object.fromEntries(leaving.map(({ name }) => [name, known[name] ?? now]));
  return { kind: 'read', startedAt, state: withoutRest(state), leavingSince };
}

/** How many requests somebody has who may have more, or has had, is nothing to wake up for. */
function withoutRest(state: ProxyState): ProxyState {
  const servers = state.servers.map(({ requests: _requests, ...one }) =>
    one.isReady ? { ...one, sessions: 0 } : one,
  );
  return { ...state, servers };
}

/** What came of one change, told by how the proxy stands after it. */
export function outcomeAt(answer: ProxyAnswer, change: TrafficChange, proxy: string): StepOutcome {
  if (typeof answer === 'string') {
    const message = `Proxy "${proxy}" does not answer: ${answer}`;
    return {
      kind: 'failed',
      failure: { class: 'infrastructure', reason: 'ProxyUnreachable', message },
    };
  }
  if (isMade(answer.state, change)) return { kind: 'done' };
  const said = answer.said === '' ? 'it does not say why' : answer.said;
  const message = `Proxy "${proxy}" did not take a change: ${said}`;
  return { kind: 'failed', failure: { class: 'infrastructure', reason: 'ProxyRefused', message } };
}

function isMade({ servers, routes }: ProxyState, change: TrafficChange): boolean {
  if (change.kind === 'route-requests') return (routes[change.key] ?? null) === change.backend;
  const { backend, name } = change.endpoint;
  const server = servers.find((one) => one.backend === backend && one.name === name);
  switch (change.kind) {
    case 'admit-endpoint':
      return server?.isReady === true;
    case 'withdraw-endpoint':
      return server?.isReady !== true;
    case 'remove-endpoint':
      return server === undefined;
  }
}
