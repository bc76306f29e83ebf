import type { Logger } from 'pino';

import type { Plan } from '../generated/plan.ts';
import { UsageError } from '../model/errors.ts';
import { planDocument } from '../report/plan-document.ts';
import { renderPlan } from '../report/render-plan.ts';
import { predict } from '../rollout/predict.ts';
import { confirm } from './confirm.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { observeLive, unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportRefused, reportUnreachable, reportWarnings } from './report-problems.ts';
import type { RequestFlags } from './request.ts';
import { request } from './request.ts';
import type { Settings } from './settings.ts';

export interface AdoptFlags extends RequestFlags {
  /** Nobody is asked whether to go on. */
  readonly yes: boolean;
  /** Also what differs is taken on, and replaced by the rollout. */
  readonly replace: boolean;
}

/** `fleetwright adopt`: shows what an application takes on, and asks the operator to do so. */
export async function adopt(
  application: string,
  settings: Settings,
  flags: AdoptFlags,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  const plan = await planOf(application, settings, output, logger, signal);
  if (typeof plan === 'number') return plan;
  const isOpen = ({ outcome }: Plan['adoptions'][number]): boolean =>
    outcome === 'adopted' || outcome === 'refused' || (flags.replace && outcome === 'superseded');
  const isRefused = plan.blocked.some(({ reason }) => reason === 'AdoptionRefused');
  const isAsked = plan.adoptions.some(isOpen) && !(isRefused && !flags.replace);
  if (!isAsked) {
    output.data(output.format === 'json' ? toJson(plan) : renderPlan(plan, output.style));
    return isRefused ? exitCode.negative : exitCode.done;
  }
  if (output.format === 'text') output.data(`${renderPlan(plan, output.style)}\n`);
  if (!flags.yes && !(await isConfirmed(application, plan, flags.replace, signal))) {
    output.error('Nothing is adopted');
    return exitCode.negative;
  }
  const kind = flags.replace ? 'adopt-replace' : 'adopt';
  return request(kind, application, settings.state, flags, output, signal);
}

/** What the head of the branch would do to the application; an exit code when that cannot be said. */
async function planOf(
  application: string,
  settings: Settings,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<Plan | ExitCode> {
  await using live = await observeLive(settings, logger, null, signal);
  const { loaded, world } = live;
  if (loaded.kind === 'invalid' || world === null) {
    if (loaded.kind === 'invalid') reportRefused(output, loaded.revision, loaded.diagnostics);
    return exitCode.negative;
  }
  reportWarnings(output, loaded.diagnostics);
  const spec = world.desired.applications.find(({ name }) => name === application);
  if (spec === undefined) {
    throw new UsageError(
      `Cannot adopt for "${application}": the repository has no such application`,
    );
  }
  if (spec.adopt === undefined) {
    throw new UsageError(
      `Cannot adopt for "${application}": ${spec.file} names nothing under x-fleetwright.adopt`,
    );
  }
  const unreachable = unreachableHosts(live.observations);
  reportUnreachable(output, unreachable);
  if (unreachable.length > 0) return exitCode.unreachable;
  return onlyOf(application, planDocument(world.desired, predict(world)));
}

function onlyOf(application: string, plan: Plan): Plan {
  const isOwn = (one: { readonly application: string }): boolean => one.application === application;
  return {
    ...plan,
    // It is no hash of a part.
    hash: null,
    adoptions: plan.adoptions.filter(isOwn),
    steps: plan.steps.filter(isOwn),
    unavailability: plan.unavailability.filter(isOwn),
    blocked: plan.blocked.filter(isOwn),
    held: null,
  };
}

function isConfirmed(
  application: string,
  { adoptions }: Plan,
  replaces: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const differing = adoptions.filter(({ differs }) => differs).length;
  const what = replaces && differing > 0 ? `, and replace ${differing} that differ` : '';
  const question = `Adopt these containers${what}?`;
  return confirm(question, `whether to adopt for "${application}"`, signal);
}
