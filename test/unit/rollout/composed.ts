/** What Compose has left on a host, and an application that adopts it. */
import type { AdoptionSpec } from '../../../src/model/adoption.ts';
import type { ApplicationSpec } from '../../../src/model/application.ts';
import { label } from '../../../src/model/labels.ts';
import { toContainerId } from '../../../src/model/names.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import { planDocument } from '../../../src/report/plan-document.ts';
import { renderPlan } from '../../../src/report/render-plan.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { anInstance, aReachableHost, aService, aWorld, origin } from '../../support/builders.ts';
import { shop } from './play.ts';
import { seeing } from './scenario.ts';

export const project: AdoptionSpec = { composeProject: 'old', containers: {}, host: null, origin };
export const two: ServiceFacts = { replicas: 2 };

export function adopting(
  tag: string,
  facts: ServiceFacts = two,
  adopt: AdoptionSpec = project,
): readonly ApplicationSpec[] {
  return shop(tag, facts, { adopt });
}

/** What `docker-compose up` leaves behind for a service at v1. */
export function composed(
  number: number,
  facts: Partial<ObservedContainer> = {},
): ObservedContainer {
  const name = facts.name ?? `old_web_${number}`;
  const labels = {
    [label.composeProject]: 'old',
    [label.composeService]: 'web',
    [label.composeNumber]: String(number),
    ...facts.labels,
  };
  const { container } = anInstance(aService(two));
  const spec = { ...(facts.spec ?? container.spec), labels };
  const id = toContainerId(`made by compose: ${facts.host ?? 'host-1'} ${name}`);
  return { ...container, id, name, spec, ...facts, labels };
}

export function worldWith(
  applications: readonly ApplicationSpec[],
  found: readonly ObservedContainer[],
): World {
  return found.reduce(
    (world, container) => {
      const before = world.observations.get(container.host);
      const others = before?.kind === 'reachable' ? before.containers : [];
      const host = aReachableHost(container.host, { containers: [...others, container] });
      return seeing(world, host);
    },
    aWorld(applications, ['host-1', 'host-2']),
  );
}

export function idsOf(found: readonly ObservedContainer[]): ReadonlySet<string> {
  return new Set(found.map(({ id }): string => id));
}

export function stalled(world: World): { readonly reason: string; readonly message: string } {
  const [shop] = decide(world).applications;
  const condition = shop?.conditions.find(({ type, status }) => type === 'Stalled' && status);
  return { reason: condition?.reason ?? '', message: condition?.message ?? '' };
}

export function planOf(world: World): string {
  return renderPlan({ ...planDocument(world.desired, predict(world)), hash: null }, plainStyle);
}

export const pair = [composed(1), composed(2)];

export function front(aliases: readonly string[]): Partial<ObservedContainer> {
  return { spec: { ...composed(1).spec, networks: [{ network: 'front', aliases }] } };
}
