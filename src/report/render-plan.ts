import type { Plan, Step } from '../generated/plan.ts';
import { renderAdoptions } from './adoption-document.ts';
import { renderHeld } from './held-document.ts';
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
  if (plan.held !== null) lines.push(renderHeld(plan.held, style), '');
  lines.push(...renderAvailability(plan, style), summarize(plan, style));
  if (plan.hash !== null && !plan.inSync) lines.push(style.dim(`Hash ${plan.hash}`));
  return lines.join('\n');
}

function renderService(service: string, steps: readonly Step[], style: Style): readonly string[] {
  const lines = [style.bold(service)];
  for (const [slot, ofSlot] of groupBy(steps, slotKey)) {
    lines.push(renderSlot(slot, ofSlot, style));
  }
  for (const [reason, ofReason] of groupBy(steps.filter(isFirstOfSlot(steps)), causeKey)) {
    lines.push(style.dim(wrap(`because ${reason}`, '      ', '    ')));
    for (const change of ofReason[0]?.cause.changes ?? []) {
      const { path, from, to } = change;
      const values = `${path}: ${formatField(path, from)} → ${formatField(path, to)}`;
      lines.push(wrap(values, '        ', '      '));
    }
  }
  return lines;
}

/** One line per slot: what becomes of it, and by which steps. */
function renderSlot(slot: string, steps: readonly Step[], style: Style): string {
  const hosts = [...new Set(steps.map(({ host }) => host))].join(', ');
  const actions = [...new Set(steps.map(({ action }) => verbs[action]))].join(', ');
  const { mark, paint } = markOf(steps);
  const what = slot === '' ? '' : `slot ${slot} `;
  return paint(style)(wrap(`${what}on ${hosts}: ${actions}`, '      ', `  ${mark} `));
}

const verbs: Readonly<Record<Step['action'], string>> = {
  'pull-image': 'pull image',
  'create-network': 'create network',
  'remove-network': 'remove network',
  'create-volume': 'create volume',
  'create-container': 'create',
  'start-container': 'start',
  'run-hooks': 'run hooks',
  'unpause-container': 'unpause',
  'update-container': 'update',
  'deliver-files': 'deliver files',
  'rename-container': 'rename',
  'connect-network': 'connect network',
  'disconnect-network': 'disconnect network',
  'stop-container': 'stop',
  'remove-container': 'remove',
};

function markOf(steps: readonly Step[]): {
  readonly mark: string;
  readonly paint: (style: Style) => (text: string) => string;
} {
  const creates = steps.some(({ action }) => action.startsWith('create'));
  const removes = steps.some(({ action }) => action.startsWith('remove'));
  if (creates && !removes) return { mark: '+', paint: (style) => style.green };
  if (removes && !creates) return { mark: '-', paint: (style) => style.red };
  return { mark: '~', paint: (style) => style.yellow };
}

function isFirstOfSlot(steps: readonly Step[]): (step: Step) => boolean {
  const seen = new Set<string>();
  const first = new Set<Step>();
  for (const step of steps) {
    const isPart = step.action !== 'create-container' && step.cause.changes.length === 0;
    if (seen.has(slotKey(step)) && isPart) continue;
    seen.add(slotKey(step));
    first.add(step);
  }
  return (step) => first.has(step);
}

function causeKey({ cause }: Step): string {
  const where = cause.origin === null ? '' : ` (${formatPosition(cause.origin)})`;
  return `${cause.reason}${where}`;
}

function renderAvailability(plan: Plan, style: Style): readonly string[] {
  return plan.unavailability.map(({ application, service, desired, lowest, reason }) => {
    const why = reason === '' ? '' : `: ${reason}`;
    const text = `${application}/${service} falls to ${lowest} of ${desired} available${why}`;
    return style.yellow(wrap(text, '  ', '! '));
  });
}

function summarize(plan: Plan, style: Style): string {
  if (plan.inSync) return style.green('In sync: 0 steps.');
  const adopted = plan.adoptions.filter(({ outcome }) => outcome === 'adopted').length;
  const adopts = adopted === 0 ? '' : `${count(adopted, 'container')} adopted; `;
  const hosts = new Set(plan.steps.map(({ host }) => host)).size;
  const steps = `${count(plan.steps.length, 'step')} on ${count(hosts, 'host')}`;
  const isSafe = plan.unavailability.length === 0 && plan.steps.length > 0;
  const safe = isSafe ? '; no service loses an available instance' : '';
  return `${adopts}${steps}${safe}.`;
}

function serviceKey({ application, service }: Step): string {
  return service === '' ? application : `${application}/${service}`;
}

function slotKey({ slot }: Step): string {
  return slot;
}

function groupBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
