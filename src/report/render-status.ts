import type { Application, Condition, Failure, Stage, Status } from '../generated/status.ts';
import { metricInWords } from '../model/autoscale.ts';
import { renderHeld } from './held-document.ts';
import { parseIsoTime } from '../model/iso-time.ts';
import { proofInWords } from '../model/proof.ts';
import { renderSlots } from './render-slots.ts';
import type { Style } from './style.ts';
import { columns, count, formatCountdown, formatSpan, wrap } from './text.ts';

/**
 * The status as text: the revision, each application with its services, what waits, what failed, the hosts.
 *
 * @param verbose also the slots of what has converged
 */
export function renderStatus(status: Status, style: Style, verbose = false): string {
  const { revision } = status;
  const title = `${revision.branch}@${revision.commit.slice(0, 12)} "${revision.subject}"`;
  const lines = [style.bold(wrap(title, '  ', '')), ''];
  if (status.rejected !== null) lines.push(renderRejected(status.rejected, style), '');
  const now = parseIsoTime(status.generatedAt);
  for (const application of status.applications) {
    const slots = { prefix: '', indent: '    ', now, style, all: verbose };
    lines.push(...renderApplication(application, style, now));
    const isConverged = isReady(application) && application.rollout === null;
    if (verbose || !isConverged) lines.push(...renderSlots(application, slots));
    lines.push('');
  }
  if (status.held !== null) lines.push(renderHeld(status.held, style), '');
  lines.push(...renderHosts(status, style), ...renderReceivers(status, style, now));
  return lines.join('\n');
}

function renderRejected(rejected: NonNullable<Status['rejected']>, style: Style): string {
  const { revision, problems, first } = rejected;
  const more = problems > 1 ? ` (and ${problems - 1} more)` : '';
  const text = `The newest commit ${revision.commit.slice(0, 12)} is refused, the one above stays in force: ${first}${more}`;
  return style.red(wrap(text, '  ', '! '));
}

function isReady({ conditions }: Application): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status);
}

function renderApplication(application: Application, style: Style, now: number): readonly string[] {
  const ready = application.conditions.find(({ type }) => type === 'Ready');
  const state = ready?.status === true ? 'Ready' : (ready?.reason ?? '');
  const paint = ready?.status === true ? style.green : paintOf(application, style);
  const services = application.services.map((one) => {
    const { service, available, desired, updated, image } = one;
    const isUpdated = updated === desired;
    return [
      service,
      `${available}/${desired} available${autoscaleWords(one)}`,
      isUpdated ? '' : `${updated}/${desired} updated`,
      image,
      ...exposedWords(one),
    ];
  });
  return [
    `${style.bold(application.application)}  ${paint(state)}  ${application.health}`,
    ...renderRollout(application, now).map((line) => style.dim(line)),
    ...columns(services, '  '),
    ...(ready?.status === true || application.failed.length > 0 || isAmongWaits(ready, application)
      ? []
      : [style.dim(wrap(ready?.message ?? '', '  '))]),
    ...application.failed.flatMap((failure) => renderFailure(failure, style)),
  ];
}

/** ` (autoscale 2–8, cpu 63 % of 70 %)`. */
function autoscaleWords({ autoscale }: Application['services'][number]): string {
  if (autoscale === undefined) return '';
  const { min, max, metrics } = autoscale;
  return ` (${[`autoscale ${min}–${max}`, ...metrics.map(metricInWords)].join(', ')})`;
}

/** Where requests come in, and how many instances get them. */
function exposedWords({ exposed, internal }: Application['services'][number]): readonly string[] {
  return [exposed, internal].flatMap((traffic) => {
    if (traffic === undefined) return [];
    const { host, path, endpoints, admitted, proxies } = traffic;
    const who =
      proxies === 0
        ? 'no proxy answers'
        : `${admitted}/${endpoints} in ${count(proxies, 'proxy', 'proxies')}`;
    return [`${host}${path} ${who}`];
  });
}

/** Whether a condition says nothing but what the list of waits says too. */
function isAmongWaits(ready: Condition | undefined, { waiting }: Application): boolean {
  return waiting.some(({ reason }) => ready?.message.endsWith(reason) === true);
}

function renderRollout({ rollout, waiting }: Application, now: number): readonly string[] {
  if (rollout === null) return [];
  const { direction, revision, startedAt, progressDeadlineAt, stages, proof } = rollout;
  // What waits says of itself where it is.
  const isSilent = ({ service }: Stage): boolean =>
    waiting.every((wait) => wait.service !== service || wait.slot !== '');
  const where = direction === 'back' ? 'back to' : 'to';
  const since = formatSpan(now - parseIsoTime(startedAt));
  const limit =
    progressDeadlineAt === null
      ? ''
      : `, gives up in ${formatCountdown(parseIsoTime(progressDeadlineAt) - now)}`;
  return [
    wrap(`rolls out ${where} ${revision.slice(0, 12)} for ${since}${limit}`, '  '),
    ...(proof === null ? [] : [wrap(proofInWords(proof), '  ')]),
    ...stages
      .filter(isSilent)
      .map(({ service, step, of }) => `  ${service}: canary step ${step} of ${of}`),
  ];
}

function paintOf(application: Application, style: Style): (text: string) => string {
  const isStalled = application.conditions.some(({ type, status }) => type === 'Stalled' && status);
  return isStalled ? style.red : style.yellow;
}

/** What failed, with the last words of the instance: nobody should have to go and look for them. */
function renderFailure(failure: Failure, style: Style): readonly string[] {
  const { service, slot, host, commit, reason, message, log, health } = failure;
  const place = slot === '' ? service : `${service}/${slot}`;
  const where = host === null ? place : `${place} on ${host}`;
  const text = `${where} failed in ${commit.slice(0, 12)}: ${reason}: ${message}`;
  return [
    style.red(wrap(text, '    ', '  ! ')),
    ...quote('last health output', health, style),
    ...quote('last log lines', log, style),
  ];
}

function quote(title: string, lines: readonly string[], style: Style): readonly string[] {
  if (lines.length === 0) return [];
  return [
    style.dim(`    ${title}:`),
    ...countRepeats(lines).map(({ line, times }) => {
      const more = times === 1 ? '' : style.dim(` (${times} times)`);
      return `    | ${line.slice(0, 200)}${more}`;
    }),
  ];
}

/** A line that repeats itself is shown once, with how often. */
function countRepeats(lines: readonly string[]): readonly { line: string; times: number }[] {
  const counted: { line: string; times: number }[] = [];
  for (const line of lines) {
    const last = counted.at(-1);
    if (last?.line === line) last.times += 1;
    else counted.push({ line, times: 1 });
  }
  return counted;
}

/** What there is to know of each host stands below all of them. */
function renderHosts({ hosts }: Status, style: Style): readonly string[] {
  const rows = hosts.map(({ host, state, engine, apiVersion, containers, unmanaged, reason }) =>
    state === 'ready'
      ? [
          host,
          state,
          `Docker ${engine}, API ${apiVersion}`,
          `${containers} ours, ${unmanaged} other`,
        ]
      : [host, state, reason],
  );
  const notes = hosts.flatMap(({ host, notes: own }) =>
    own.map((note) => style.yellow(wrap(`${host}: ${note}`, '    ', '  ! '))),
  );
  return [style.bold('hosts'), ...columns(rows, '  '), ...notes];
}

/** Those that cannot be told: nobody else would tell it. */
function renderReceivers({ receivers }: Status, style: Style, now: number): readonly string[] {
  const failing = receivers.flatMap(({ name, failingSince, reason, waiting, givenUp }) => {
    if (failingSince === null) return [];
    const lost = givenUp === 0 ? '' : `, ${givenUp} given up`;
    const since = formatSpan(now - parseIsoTime(failingSince));
    const text = `${name} cannot be told for ${since} (${waiting} waiting${lost}): ${reason}`;
    return [style.yellow(wrap(text, '    ', '  ! '))];
  });
  return failing.length === 0 ? [] : ['', style.bold('receivers'), ...failing];
}
