import type { Cause, Plan, Step } from '../generated/plan.ts';
import { renderAdoptions } from './adoption-document.ts';
import { groupBy } from '../model/group-by.ts';
import { renderHeld } from './held-document.ts';
import type { PlannedSlot } from './plan-slots.ts';
import { plannedCauses, plannedSlots, serviceKey } from './plan-slots.ts';
import type { Style } from './style.ts';
import { count, formatField, formatPosition, wrap } from './text.ts';

/** The plan as text: what happens to each slot, why, and which line says so. */
export function renderPlan(plan: Plan, style: Style): string {
  const { revision } = plan;
  const title = `Plan for ${revision.branch}@${revision.commit.slice(0, 12)} "${revision.subject}"`;
  const lines = [style.bold(wrap(title, '  ', '')), ''];
  lines.push(...renderAdoptions(plan.adoptions, style));
  for (const [service, steps] of groupBy(plan.steps, serviceKey)) {
    lines.push(...renderService(service, steps, style), '');
  }
  for (const { application, reason, message } of plan.blocked) {
    lines.push(style.red(wrap(`${application}: ${reason}: ${message}`, '  ', '! ')), '');
  }
  for (const { host, message } of plan.hostNotes) {
    lines.push(style.yellow(wrap(`host ${host}: ${message}`, '  ', '! ')), '');
  }
  if (plan.held !== null) lines.push(renderHeld(plan.held, style), '');
  lines.push(...renderScaled(plan, style), ...renderAvailability(plan, style));
  lines.push(summarize(plan, style));
  if (plan.hash !== null && !plan.inSync) lines.push(style.dim(`Hash ${plan.hash}`));
  return lines.join('\n');
}

function renderService(service: string, steps: readonly Step[], style: Style): readonly string[] {
  const lines = [style.bold(service)];
  for (const slot of plannedSlots(steps)) lines.push(renderSlot(slot, style));
  for (const cause of plannedCauses(steps)) {
    lines.push(style.dim(wrap(`because ${reasonOf(cause)}`, '      ', '    ')));
    for (const { path, from, to } of cause.changes) {
      const values = `${path}: ${formatField(path, from)} → ${formatField(path, to)}`;
      lines.push(wrap(values, '        ', '      '));
    }
  }
  return lines;
}

/** One line per slot: what becomes of it, and by which steps. */
function renderSlot({ slot, hosts, actions, change }: PlannedSlot, style: Style): string {
  const { mark, paint } = marks[change];
  const what = slot === '' ? '' : `slot ${slot} `;
  return paint(style)(wrap(`${what}on ${hosts}: ${actions}`, '      ', `  ${mark} `));
}

const marks: Readonly<Record<PlannedSlot['change'], Mark>> = {
  created: { mark: '+', paint: (style) => style.green },
  removed: { mark: '-', paint: (style) => style.red },
  changed: { mark: '~', paint: (style) => style.yellow },
};

interface Mark {
  readonly mark: string;
  readonly paint: (style: Style) => (text: string) => string;
}

function reasonOf({ reason, origin }: Cause): string {
  return origin === null ? reason : `${reason} (${formatPosition(origin)})`;
}

function renderScaled({ scaled = [] }: Plan, style: Style): readonly string[] {
  return scaled.map(({ application, service, replicas, min, max }) => {
    const text = `${application}/${service} has ${replicas} of ${min}–${max} instances by its load`;
    return style.dim(wrap(text, '  ', ''));
  });
}

function renderAvailability(plan: Plan, style: Style): readonly string[] {
  return plan.unavailability.map(({ application, service, desired, lowest, reason }) => {
    const why = reason === '' ? '' : `: ${reason}`;
    const text = `${application}/${service} falls to ${lowest} of ${desired} available${why}`;
    return style.yellow(wrap(text, '  ', '! '));
  });
}

function summarize(plan: Plan, style: Style): string {
  if (plan.inSync) {
    const removed = plan.steps.length;
    const what = removed === 0 ? '0 steps' : `${count(removed, 'unused image')} removed`;
    return style.green(`In sync: ${what}.`);
  }
  const adopted = plan.adoptions.filter(({ outcome }) => outcome === 'adopted').length;
  const adopts = adopted === 0 ? '' : `${count(adopted, 'container')} adopted; `;
  const hosts = new Set(plan.steps.map(({ host }) => host)).size;
  const steps = `${count(plan.steps.length, 'step')} on ${count(hosts, 'host')}`;
  const isSafe = plan.unavailability.length === 0 && plan.steps.length > 0;
  const safe = isSafe ? '; no service loses an available instance' : '';
  return `${adopts}${steps}${safe}.`;
}
