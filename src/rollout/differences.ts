import type { ServiceSpec } from '../model/application.ts';
import { neverIgnored } from '../model/drift-paths.ts';
import { findImage } from '../model/image.ts';
import type { IgnoreRule } from '../model/ignore-rule.ts';
import type { HealSetting } from '../model/heal-policy.ts';
import type { HostName } from '../model/names.ts';
import type { ImageDefaults } from '../model/observation.ts';
import type { Difference } from '../drift/assess-instance.ts';
import { assessInstance } from '../drift/assess-instance.ts';
import type { Instance } from '../drift/identify.ts';
import { healSetting } from '../drift/heal-setting.ts';
import { ignoringRule } from '../drift/ignore.ts';
import { isChanged } from './changed-between.ts';
import { isOffForAMoment } from './off-networks.ts';
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
  return all
    .filter((difference) => ruleOf(context, rules, service, instance, difference) === null)
    .map((difference) => asIsChosen(context, service, instance, difference));
}

/** The differences of an instance that are left alone, each with the rule that says so. */
export function ignoredDifferencesOf(
  context: DifferenceContext,
  service: ServiceSpec,
  instance: Instance,
): readonly IgnoredDifference[] {
  const all = assess(context, service, instance);
  if (all.length === 0) return [];
  const rules = rulesFor(context);
  return all.flatMap((difference) => {
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
  context: DifferenceContext,
  rules: readonly IgnoreRule[],
  service: ServiceSpec,
  instance: Instance,
  difference: Difference,
): IgnoreRule | null {
  const { world, application } = context;
  const { container } = instance;
  const { path, class: kind } = difference;
  if (isOffForAMoment(world, instance, difference)) return null;
  const place = { application, service: service.name, host: container.host };
  const rule = ignoringRule(rules, place, path, world.now);
  if (rule !== null || Object.hasOwn(neverIgnored, path)) return rule;
  const setting = choiceFor(context, service, container.host, difference);
  if (setting?.choice !== 'ignore') return null;
  const reason = `drift of the class ${kind} is ignored`;
  return { ...place, path, reason, until: null, origin: setting.origin };
}

/** What is not to be put right keeps its place in the report. */
function asIsChosen(
  context: DifferenceContext,
  service: ServiceSpec,
  instance: Instance,
  difference: Difference,
): Difference {
  if (difference.remedy.kind === 'none') return difference;
  if (isOffForAMoment(context.world, instance, difference)) return difference;
  const setting = choiceFor(context, service, instance.container.host, difference);
  if (setting === null || setting.choice === 'heal') return difference;
  return { ...difference, remedy: { kind: 'withheld' }, note: withheldBecause(setting) };
}

export function withheldBecause({ origin }: HealSetting): string {
  return `it is only reported, as ${origin.file}:${origin.line}:${origin.column} says`;
}

/** What is said of the drift of a service that nothing is changing: all else is a rollout, and goes on. */
export function choiceFor(
  { world, application }: DifferenceContext,
  service: ServiceSpec,
  host: HostName | null,
  { class: kind, path }: Pick<Difference, 'class' | 'path'>,
): HealSetting | null {
  const setting = healSetting(world.desired, application, kind);
  if (setting === null) return null;
  const record = world.journal.applications.get(application);
  const good = record === undefined ? null : provenOn(record, service.name, host);
  if (record?.rollout !== null || good?.hash !== service.hash) return null;
  return isChanged(application, good, service, path) ? null : setting;
}
