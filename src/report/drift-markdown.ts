import type { DriftReport, IgnoredItem, Item } from '../generated/drift.ts';
import { contendedWords, fieldName, ruleInWords, serviceInWords } from './drift-words.ts';
import type { Block } from './fit-blocks.ts';
import { fitBlocks } from './fit-blocks.ts';
import { groupBy } from '../model/group-by.ts';
import { inertCode } from './inert-code.ts';
import { longestComment } from './markdown-comment.ts';
import { cell, table } from './markdown-table.ts';
import { count, formatField, formatPosition } from './text.ts';

/** The drift report for an issue or a chat, in the Markdown of GitHub, GitLab and Gitea. */
export function driftMarkdown(report: DriftReport): string {
  const { revision, summary, generatedAt } = report;
  const head = [
    '### Fleetwright drift report',
    '',
    `**${summary.open === 0 ? 'No drift' : `${summary.open} open`}**, ${summary.ignored} ignored, ${count(summary.resolved, 'item')} put right lately.`,
    '',
    `Against ${inertCode(revision.branch)} at ${inertCode(revision.commit.slice(0, 12))} ${inertCode(revision.subject)}, ${generatedAt}.`,
    '',
    ...summary.unreachableHosts.map(
      (host) => `- host ${inertCode(host)} cannot be seen: nothing is known of it`,
    ),
    ...report.hostNotes.map(
      ({ host, message }) => `- host ${inertCode(host)}: ${inertCode(message)}`,
    ),
    ...report.expiredRules.map(
      (rule) =>
        `- the rule for ${inertCode(rule.path)} has no effect any more: ${inertCode(ruleInWords(rule))}`,
    ),
    '',
  ].join('\n');
  const blocks = [
    ...serviceBlocks('open', report.items),
    ...ignoredBlocks(report.ignored),
    ...serviceBlocks('resolved', report.items),
  ];
  return `${head}\n${fitBlocks(blocks, longestComment - head.length, inertCode('fleetwright drift'))}`.trimEnd();
}

function serviceBlocks(state: Item['state'], items: readonly Item[]): readonly Block[] {
  const own = items.filter((item) => item.state === state);
  return [...groupBy(own, serviceInWords)].map(([service, group]) => ({
    lines: [
      `<details${state === 'open' ? ' open' : ''}><summary>${state}: ${inertCode(service)}</summary>`,
      '',
      ...table(
        ['where', 'field', 'is', 'should be', 'by', 'since', 'what is done'],
        group.map((item) => [...placeCells(item), sinceCell(item), doneCell(item)]),
      ),
    ],
    close: ['', '</details>', ''],
  }));
}

function ignoredBlocks(ignored: readonly IgnoredItem[]): readonly Block[] {
  return [...groupBy(ignored, serviceInWords)].map(([service, group]) => ({
    lines: [
      `<details><summary>ignored: ${inertCode(service)}</summary>`,
      '',
      ...table(
        ['where', 'field', 'is', 'should be', 'by', 'rule'],
        group.map((item) => [
          ...placeCells(item),
          cell(`${ruleInWords(item.rule)}: ${item.rule.reason}`),
        ]),
      ),
    ],
    close: ['', '</details>', ''],
  }));
}

function placeCells(item: Item | IgnoredItem): readonly string[] {
  const { slot, host, path, desired, observed, origin } = item;
  const place = slot === '' || slot === host ? host : `${host}, slot ${slot}`;
  const where = `${item.class}: ${place}`;
  const by = origin === null ? '' : `${formatPosition(origin)} in ${origin.commit.slice(0, 12)}`;
  const values = [formatField(path, observed), formatField(path, desired)];
  return [where, fieldName(path), ...values, by].map(cell);
}

function sinceCell({ firstSeen, cause }: Item): string {
  return cause === null ? firstSeen : `${firstSeen}, ${inertCode(cause.detail)}`;
}

function doneCell(item: Item): string {
  const { action, note, resolvedAt } = item;
  const done = resolvedAt === null ? '' : `; resolved ${resolvedAt}`;
  const isContended = item.contended ? `; ${contendedWords}` : '';
  return `${action}: ${inertCode(note)}${done}${isContended}`;
}
