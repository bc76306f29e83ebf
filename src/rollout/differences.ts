import type { ServiceSpec } from '../model/application.ts';
import { findImage } from '../model/image.ts';
import type { IgnoreRule } from '../model/ignore-rule.ts';
import type { ImageDefaults } from '../model/observation.ts';
import type { Difference } from '../drift/assess-instance.ts';
import { assessInstance } from '../drift/assess-instance.ts';
import type { Instance } from '../drift/identify.ts';
import { ignoringRule } from '../drift/ignore.ts';
import { provenOn } from './target.ts';
import type { World } from './world.ts';

/** What the differences of an instance are judged in. */
interface DifferenceContext {
  readonly world: World;
  readonly application: string;
}

/** A difference that a rule leaves alone. */
export interface IgnoredDifference {
  readonly difference: Difference;
  readonly rule: IgnoreRule;
}

/** How an instance differs from what its service asks for, but for what is left alone. */
export function differencesOf(
  context: DifferenceContext,
  service: ServiceSpec,
  instance: Instance,
): readonly Difference[] {
  const all = assess(context, service, instance);
  if (all.length === 0) return all;
  const rules = rulesFor(context);
  return all.filter((difference) => ruleOf(context, rules, service, instance, difference) === null);
}

/** The differences of an instance that are left alone, each with the rule that says so. */
export function ignoredDifferencesOf(
  context: DifferenceContext,
  service: ServiceSpec,
  instance: Instance,
): readonly IgnoredDifference[] {
  const rules = rulesFor(context);
  if (rules.length === 0) return [];
  return assess(context, service, instance).flatMap((difference) => {
    const rule = ruleOf(context, rules, service, instance, difference);
    return rule === null ? [] : [{ difference, rule }];
  });
}

/** Defaults of the image that a container was made from, while its host still has it. */
export function imageDefaults(world: World, instance: Instance): ImageDefaults | null {
  const observation = world.observations.get(instance.container.host);
  if (observation?.kind !== 'reachable') return null;
  const byId = observation.images.find((image) => image.id === instance.container.imageId);
  const image = byId ?? findImage(observation.images, instance.container.spec.image);
  return image?.defaults ?? null;
}

function assess(
  { world, application }: DifferenceContext,
  service: ServiceSpec,
  instance: Instance,
): readonly Difference[] {
  const record = world.journal.applications.get(application);
  const before =
    record === undefined ? null : provenOn(record, service.name, instance.container.host);
  const found = assessInstance(instance, service, imageDefaults(world, instance), before);
  return found.some(({ path }) => path === 'image') && isSameImage(world, service, instance)
    ? found.filter(({ path }) => path !== 'image')
    : found;
}

/** Another name of the image that is asked for, as its host knows it, is no other image. */
function isSameImage(world: World, service: ServiceSpec, { container }: Instance): boolean {
  const host = world.observations.get(container.host);
  const asked =
    host?.kind === 'reachable' ? findImage(host.images, service.container.image) : undefined;
  return asked !== undefined && asked.id === container.imageId;
}

/** The rules of the commit in force, the application's own first. */
function rulesFor({ world, application }: DifferenceContext): readonly IgnoreRule[] {
  const { applications, fleet } = world.desired;
  const own = applications.find(({ name }) => name === application)?.driftIgnore ?? [];
  return own.length === 0 ? fleet.driftIgnore : [...own, ...fleet.driftIgnore];
}

/** The rule that leaves a difference of an instance alone, or null. */
export function ignoredBy(
  context: DifferenceContext,
  service: ServiceSpec,
  instance: Instance,
  difference: Difference,
): IgnoreRule | null {
  return ruleOf(context, rulesFor(context), service, instance, difference);
}

function ruleOf(
  { world, application }: DifferenceContext,
  rules: readonly IgnoreRule[],
  service: ServiceSpec,
  { container }: Instance,
  { path }: Difference,
): IgnoreRule | null {
  const place = { application, service: service.name, host: container.host };
  return ignoringRule(rules, place, path, world.now);
}
