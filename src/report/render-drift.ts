import type { DriftReport, IgnoredItem, Item } from '../generated/drift.ts';
import {
  causeWords,
  contendedWords,
  fieldName,
  nameOf,
  ruleInWords,
  serviceInWords,
} from './drift-words.ts';
import type { Style } from './style.ts';
import { count, formatField, formatPosition, wrap } from './text.ts';

/** The drift report as text, open items first. */
export function renderDrift(report: DriftReport, style: Style): string {
  const { revision, summary, items } = report;
  const title = `Drift from ${revision.branch}@${revision.commit.slice(0, 12)} "${revision.subject}"`;
  const lines = [style.bold(wrap(title, '  ', '')), ''];
  let group = '';
  for (const item of items) {
    const next = `${item.state}: ${serviceInWords(item)}`;
    if (next !== group) lines.push(style.bold(next));
    group = next;
    lines.push(...renderItem(item, style), '');
  }
  lines.push(...renderIgnored(report, style));
  for (const host of summary.unreachableHosts) {
    lines.push(style.yellow(`! host ${host} cannot be seen: nothing is known of it`));
  }
  for (const { host, message } of report.hostNotes) {
    lines.push(style.yellow(wrap(`host ${host}: ${message}`, '  ', '! ')));
  }
  const open = summary.open === 0 ? style.green('no drift') : style.red(`${summary.open} open`);
  const ignored = summary.ignored === 0 ? '' : `, ${summary.ignored} ignored`;
  lines.push(`${open}${ignored}, ${count(summary.resolved, 'item')} put right lately`);
  return lines.join('\n');
}

/** What is left alone stands apart, each item with the rule that says so; rules that have ended are told of. */
function renderIgnored({ ignored, expiredRules }: DriftReport, style: Style): readonly string[] {
  const items = ignored.flatMap((item) => [
    style.bold(`ignored: ${item.application}/${item.service}`),
    `  ${style.dim(item.class)}  slot ${item.slot}, ${item.host}, ${item.container}`,
    fieldLine(item),
    ...(item.origin === null ? [] : [style.dim(originLine(item.origin))]),
    style.dim(wrap(`by ${ruleInWords(item.rule)}: ${item.rule.reason}`, '    ')),
    '',
  ]);
  const expired = expiredRules.map((rule) =>
    style.yellow(
      wrap(
        `! the rule for ${rule.path} has no effect: ${ruleInWords(rule)}: ${rule.reason}`,
        '  ',
        '',
      ),
    ),
  );
  return [...items, ...expired];
}

function renderItem(item: Item, style: Style): readonly string[] {
  const paint = item.severity === 'critical' && item.state === 'open' ? style.red : style.yellow;
  const slot = item.slot === '' ? '' : `slot ${item.slot}, `;
  const when = item.resolvedAt === null ? '' : `, resolved ${item.resolvedAt}`;
  return [
    `  ${paint(item.class)}  ${slot}${item.host}${item.container === '' ? '' : `, ${item.container}`}`,
    fieldLine(item),
    ...(item.origin === null ? [] : [style.dim(originLine(item.origin))]),
    ...(item.cause === null ? [] : [style.dim(wrap(`by ${causeWords(item)}`, '      ', '    '))]),
    ...(item.contended ? [style.red(wrap(contendedWords, '      ', '    '))] : []),
    style.dim(wrap(`since ${item.firstSeen}${when}; ${item.action}: ${item.note}`, '    ')),
  ];
}

function fieldLine({ path, desired, observed }: Item | IgnoredItem): string {
  const is = formatField(path, observed);
  return wrap(
    `${fieldName(path)}: is ${is}, should be ${formatField(path, desired)}`,
    '      ',
    '    ',
  );
}

function originLine(origin: NonNullable<Item['origin']>): string {
  const { commit, author, date } = origin;
  const by = `in ${commit.slice(0, 12)} by ${nameOf(author)}, ${date.slice(0, 10)}`;
  return `    ${formatPosition(origin)} ${by}`;
}
