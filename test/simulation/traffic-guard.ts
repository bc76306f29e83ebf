import { label } from '../../src/model/labels.ts';
import { idOfServer, serverName, shortId } from '../../src/model/traffic.ts';
import { toContainerId } from '../../src/model/names.ts';
import type { TrueContainer } from './census.ts';
import type { ApiRequest } from './engine/api.ts';
import { changesIn, lineFor } from './engine/exec-haproxy.ts';
import type { Haproxy, HaproxyServer } from './engine/haproxy.ts';
import { sessionsOf } from './engine/haproxy.ts';
import { edgeName } from './expose.ts';
import type { Beliefs } from './guardian.ts';
import type { Ledger } from './ledger.ts';
import type { SimulatedHost } from './simulated-host.ts';
import { Violation } from './violation.ts';

interface TrafficGuardParts {
  readonly everywhere: () => readonly TrueContainer[];
  readonly operator: Beliefs;
  readonly ledger: Ledger;
  readonly now: () => number;
  readonly isPromoted: (container: TrueContainer) => boolean;
  readonly isRecognised: (container: TrueContainer) => boolean;
  /** @throws Violation when fewer than there must be serve without it */
  readonly mayLose: (
    container: TrueContainer,
    isServing: (other: TrueContainer) => boolean,
  ) => void;
}

/** Who may be given requests by a proxy, by the name of the server. */
type Ready = ReadonlyMap<string, HaproxyServer>;

/** Compares what the proxies do with requests with who can answer them. */
export class TrafficGuard {
  readonly #parts: TrafficGuardParts;
  /** What each proxy did when it was looked at last, for as long as it runs. */
  readonly #known = new WeakMap<Haproxy, Ready>();

  constructor(parts: TrafficGuardParts) {
    this.#parts = parts;
  }

  /**
   * Looks at the proxies of a host, on which something has changed.
   *
   * @throws Violation
   */
  look(containers: readonly TrueContainer[]): void {
    for (const { raw, name } of containers) {
      const { haproxy } = raw;
      if (haproxy === null) continue;
      const before = this.#known.get(haproxy) ?? new Map<string, HaproxyServer>();
      const ready = readyOf(haproxy);
      this.#known.set(haproxy, ready);
      for (const server of ready.keys()) if (!before.has(server)) this.#mayAdmit(name, server);
      for (const server of before.keys()) {
        if (!ready.has(server)) this.#mayWithdraw(server, ready);
      }
    }
  }

  /**
   * An instance is stopped: nobody sends it requests any more, and it has answered those that it had, or has had the time
   * for that.
   *
   * @throws Violation
   */
  mayStop({ id, name, identity }: TrueContainer): void {
    const { everywhere, ledger, now } = this.#parts;
    const { application = '', service = '' } = identity ?? {};
    const drainTimeoutMs = ledger.allowanceOf(application, service)?.drainTimeoutMs ?? 0;
    for (const proxy of everywhere()) {
      const { haproxy } = proxy.raw;
      if (haproxy === null || !this.#isHeeded(proxy)) continue;
      const server = [...haproxy.servers.values()].find((one) => isOf(one.name, id));
      if (server === undefined) continue;
      const what = `"${name}" of "${proxy.name}" on ${proxy.host.name}`;
      if (server.state === 'ready') {
        throw new Violation('nothing is stopped that a proxy sends requests to', what);
      }
      const hasHad = now() - (server.leavingSince ?? 0);
      if (sessionsOf(haproxy, server) === 0 || hasHad >= drainTimeoutMs) continue;
      const how = `${what} has had ${hasHad} of ${drainTimeoutMs} ms`;
      throw new Violation('the last requests are waited for', how);
    }
  }

  /** What the operator cannot see is not given up by that. */
  #isHeeded(proxy: TrueContainer): boolean {
    const { operator, isRecognised } = this.#parts;
    const { name } = proxy.host;
    if (operator.givenUp().has(name) || !isRecognised(proxy)) return false;
    return !operator.hasForgotten() || operator.visibleHosts().has(name);
  }

  #mayAdmit(proxy: string, server: string): void {
    const container = this.#find(server);
    if (container === null || this.#parts.isPromoted(container)) return;
    const what = `"${container.name}" of "${proxy}"`;
    throw new Violation('nobody has requests before its promotion', what);
  }

  #mayWithdraw(server: string, ready: Ready): void {
    const container = this.#find(server);
    const { application = '' } = container?.identity ?? {};
    if (container === null || this.#parts.ledger.wasCutOff(application)) return;
    // Who is through its gate counts, though it gets requests only with its promotion.
    this.#parts.mayLose(
      container,
      ({ id, name, host, raw }) =>
        raw.restart === 'no' || ready.has(serverName(host.name, { id: toContainerId(id), name })),
    );
  }

  #find(server: string): TrueContainer | null {
    return this.#parts.everywhere().find(({ id }) => isOf(server, id)) ?? null;
  }
}

function readyOf({ servers }: Haproxy): Ready {
  const ready = [...servers.values()].filter(({ state }) => state === 'ready');
  return new Map(ready.map((server) => [server.name, server]));
}

function isOf(server: string, id: string): boolean {
  return idOfServer(server) === shortId(toContainerId(id));
}

/** Whether a call only asks a proxy, which is done at any time; what changes something is part of a step. */
export function isQuestion(
  host: SimulatedHost,
  { path, body }: Pick<ApiRequest, 'path' | 'body'>,
): boolean {
  const [, kind, id = '', verb] = path.split('/');
  const { engine } = host;
  if (kind === 'exec') {
    const command = engine.commandOf(id);
    return command !== null && isProxy(host, command.container);
  }
  if (kind !== 'containers' || verb !== 'exec' || !isProxy(host, id)) return false;
  const { Cmd: command = [] } = body as { readonly Cmd?: readonly string[] };
  return changesIn(lineFor({ command })) === '';
}

function isProxy({ engine }: SimulatedHost, id: string): boolean {
  const container = engine.truth().containers.find((one) => one.id === id);
  return container === undefined || container.labels[label.application] === edgeName;
}
