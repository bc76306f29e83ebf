import type { Adoption, Cause, Plan, Step } from '../generated/plan.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { UnreachableHost } from '../model/observation.ts';
import { diagnosticLines } from './diagnostics-markdown.ts';
import type { Block } from './fit-blocks.ts';
import { fitBlocks } from './fit-blocks.ts';
import { groupBy } from '../model/group-by.ts';
import { inertCode } from './inert-code.ts';
import { commentMark, longestComment } from './markdown-comment.ts';
import { cell, table } from './markdown-table.ts';
import { plannedCauses, plannedSlots, serviceKey } from './plan-slots.ts';
import { approvalTrailer } from '../model/approval-trailer.ts';
import { count, formatField, formatPosition } from './text.ts';

export interface PlanComment {
  readonly plan: Plan;
  /** What is to be said of the commit beside it. */
  readonly diagnostics: readonly Diagnostic[];
  readonly unreachable: readonly UnreachableHost[];
}

/** More are folded, so that a comment does not bury the conversation. */
const mostOpenLines = 25;

/** The plan as a comment on a pull request, for GitHub, GitLab and Gitea. */
export function planMarkdown({ plan, diagnostics, unreachable }: PlanComment): string {
  const { revision } = plan;
  const head = [
    commentMark,
    '### Fleetwright plan',
    '',
    `**${summarize(plan)}**`,
    '',
    `For ${inertCode(revision.commit.slice(0, 12))} ${inertCode(revision.subject)}.`,
    '',
    ...paragraphs([
      ...unreachable.map(
        ({ host, reason }) =>
          `- host ${inertCode(host)} cannot be observed: ${inertCode(reason)}; what would be done there is not known`,
      ),
      ...plan.unavailability.map(({ application, service, desired, lowest, reason }) => {
        const why = reason === '' ? '' : `: ${inertCode(reason)}`;
        const name = inertCode(`${application}/${service}`);
        return `- ${name} falls to ${lowest} of ${desired} available${why}`;
      }),
      ...heldLines(plan),
    ]),
  ].join('\n');
  const tail = ['', ...approvalLines(plan)].join('\n');
  const room = longestComment - head.length - tail.length;
  const body = fitBlocks(blocksOf(plan, diagnostics), room, inertCode('fleetwright plan'));
  return [head, body, tail].filter((part) => part.trim() !== '').join('\n');
}

function summarize(plan: Plan): string {
  if (plan.inSync) return 'Nothing changes: the fleet is as this commit asks.';
  const names = [...plan.steps, ...plan.adoptions].map(({ application }) => application);
  const services = groupBy(plan.steps, serviceKey);
  const slots = [...services.values()].flatMap(plannedSlots).filter(({ slot }) => slot !== '');
  const kinds = groupBy(slots, ({ change }) => change);
  const replaced = [...services.values()].flatMap(replacedSlots).length;
  const adopted = plan.adoptions.filter(({ outcome }) => outcome === 'adopted').length;
  const numbers = [
    [replaced, 'replaced'],
    [(kinds.get('changed')?.length ?? 0) - replaced, 'changed in place'],
    [kinds.get('created')?.length ?? 0, 'created'],
    [kinds.get('removed')?.length ?? 0, 'removed'],
    [adopted, 'adopted'],
  ] as const;
  const parts = numbers
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${number} ${what}`);
  const applications = new Set(names).size;
  const verb = applications === 1 ? 'changes' : 'change';
  const instances = parts.length === 0 ? '' : `; instances: ${parts.join(', ')}`;
  const what =
    applications === 0 ? 'Nothing changes now' : `${count(applications, 'application')} ${verb}`;
  return [`${what}${instances}.`, loweredBy(plan), partialNote(plan)]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function loweredBy({ unavailability, steps }: Plan): string {
  const falls = unavailability.length;
  if (falls === 0) return steps.length === 0 ? '' : 'No service loses an available instance.';
  const verb = falls === 1 ? 'has' : 'have';
  return `${count(falls, 'service')} ${verb} fewer available instances for a while.`;
}

function partialNote({ hash }: Plan): string {
  return hash === null ? 'Not every host could be observed, so this is not all.' : '';
}

/** Slots whose instance makes way for another one. */
function replacedSlots(steps: readonly Step[]): readonly string[] {
  return [...groupBy(steps, ({ slot }) => slot)]
    .filter(([slot, own]) => {
      const actions = own.map(({ action }) => action);
      const isReplaced =
        actions.includes('create-container') && actions.includes('remove-container');
      return slot !== '' && isReplaced;
    })
    .map(([slot]) => slot);
}

function heldLines({ held }: Plan): readonly string[] {
  if (held === null) return [];
  const names = held.applications.map(inertCode).join(', ');
  const commits = held.commits.map((commit) => commit.slice(0, 12)).join(' ');
  const command = inertCode(`fleetwright sync --approve-prune ${commits}`);
  return [
    `- ${held.applications.length} of ${held.of} applications would be removed at once (${names}): held until ${command}`,
  ];
}

/** What stands in the way, each application, and what is to be said of the commit. */
function blocksOf(plan: Plan, diagnostics: readonly Diagnostic[]): readonly Block[] {
  const blocked = plan.blocked.map(
    ({ application, reason, message }) =>
      `- ${inertCode(application)} does not go on: ${inertCode(`${reason}: ${message}`)}`,
  );
  const bodies = applicationBodies(plan);
  const total = [...bodies.values()].reduce((sum, lines) => sum + lines.length, 0);
  const opening = total > mostOpenLines ? '<details>' : '<details open>';
  return [
    listBlock('What stands in the way:', blocked),
    ...[...bodies].map(([application, lines]): Block => {
      const summary = `${opening}<summary>${inertCode(application)}</summary>`;
      return { lines: [summary, '', ...lines], close: ['', '</details>', ''] };
    }),
    listBlock('Said of the commit:', diagnosticLines(diagnostics)),
  ].filter(({ lines }) => lines.length > 0);
}

function listBlock(title: string, items: readonly string[]): Block {
  return { lines: items.length === 0 ? [] : [title, '', ...items], close: [''] };
}

function applicationBodies(plan: Plan): ReadonlyMap<string, readonly string[]> {
  const adoptions = groupBy(plan.adoptions, ({ application }) => application);
  const steps = groupBy(plan.steps, ({ application }) => application);
  const names = new Set([...adoptions.keys(), ...steps.keys()]);
  return new Map(
    [...names].map((name) => [
      name,
      applicationLines(adoptions.get(name) ?? [], steps.get(name) ?? []),
    ]),
  );
}

function applicationLines(
  adoptions: readonly Adoption[],
  steps: readonly Step[],
): readonly string[] {
  const services = groupBy(steps, ({ service }) => service);
  const slots = [
    ...adoptions.map(adoptionRow),
    ...[...services].flatMap(([service, own]) =>
      plannedSlots(own).map(({ slot, hosts, actions }) =>
        [service, slot, hosts].map(cell).concat(actions),
      ),
    ),
  ];
  const causes = [
    ...adoptions.flatMap(({ service, changes }) =>
      changeRows(service, changes, 'the container differs'),
    ),
    ...[...services].flatMap(([service, own]) =>
      plannedCauses(own).flatMap((cause) => causeRows(service, cause)),
    ),
  ];
  return [
    ...table(['service', 'slot', 'host', 'action'], slots),
    ...(causes.length === 0 ? [] : ['']),
    ...table(['service', 'field', 'from', 'to', 'why'], causes),
  ];
}

const outcomes: Readonly<Record<Adoption['outcome'], string>> = {
  adopted: 'adopted, not restarted',
  refused: 'left alone for now',
  superseded: 'left alone: the slot has an instance',
  unclaimed: 'left alone: it is of no service of the manifest',
};

function adoptionRow({ service, slot, host, container, outcome }: Adoption): readonly string[] {
  return [service, slot, host].map(cell).concat(`${outcomes[outcome]}: ${inertCode(container)}`);
}

function causeRows(service: string, cause: Cause): readonly (readonly string[])[] {
  const { origin, reason, changes } = cause;
  const where = origin === null ? '' : ` ${inertCode(formatPosition(origin))}`;
  const why = `${inertCode(reason)}${where}`;
  return changes.length === 0
    ? [[cell(service), '', '', '', why]]
    : changeRows(service, changes, why);
}

function changeRows(
  service: string,
  changes: Cause['changes'],
  why: string,
): readonly (readonly string[])[] {
  return changes.map(({ path, from, to }) => {
    const values = [path, formatField(path, from), formatField(path, to)];
    return [service, ...values].map(cell).concat(why);
  });
}

function paragraphs(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [...lines, ''];
}

function approvalLines({ hash, inSync }: Plan): readonly string[] {
  if (inSync) return [];
  if (hash === null) return ['It has no hash to approve: not every host could be observed.'];
  return [
    'Where plans must be approved, the message of the merge commit needs this line:',
    '',
    '```',
    `${approvalTrailer}: ${hash}`,
    '```',
  ];
}
