import type { DriftReport, IgnoredItem, Item } from '../generated/drift.ts';
import { pageScript, pageStyle } from './drift-page.ts';
import { causeWords, fieldName, nameOf, ruleInWords, serviceInWords } from './drift-words.ts';
import { groupBy } from '../model/group-by.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { count, formatField, formatPosition } from './text.ts';

type State = Item['state'] | 'ignored';

/** The drift report as one file that needs no other: with filters, for light and dark, and for paper. */
export function driftHtml(report: DriftReport): string {
  const { revision, summary, items, ignored } = report;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="color-scheme" content="light dark" />
        <title>Drift: ${summaryWords(report)}</title>
        <style>
          ${pageStyle}
        </style>
      </head>
      <body>
        <header>
          <h1>Drift report</h1>
          <p class="summary ${summary.open === 0 ? 'good' : 'bad'}">${summaryWords(report)}</p>
          <p class="quiet">
            Against <code>${revision.branch}</code> at <code>${revision.commit.slice(0, 12)}</code>,
            “${revision.subject}”, looked at <time>${report.generatedAt}</time>
          </p>
          ${warningsOf(report)}
        </header>
        ${filtersOf([...items, ...ignored])}
        <main>
          ${sectionsOf('open', items.filter(isOpen))} ${sectionsOf('ignored', ignored)}
          ${sectionsOf(
            'resolved',
            items.filter((item) => !isOpen(item)),
          )}
          <p id="none" hidden>Nothing is like that.</p>
        </main>
        <script>
          ${pageScript};
        </script>
      </body>
    </html>`;
  return page.html;
}

/** Nothing is loaded, and nothing is sent anywhere, whatever a value holds. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

function isOpen({ state }: Item): boolean {
  return state === 'open';
}

function summaryWords({ summary }: DriftReport): string {
  const open = summary.open === 0 ? 'no drift' : `${summary.open} open`;
  return `${open}, ${summary.ignored} ignored, ${count(summary.resolved, 'item')} put right lately`;
}

function warningsOf({ summary, hostNotes, expiredRules }: DriftReport): readonly Html[] {
  const hosts = summary.unreachableHosts.map(
    (host) =>
      html`<p class="warning">
        Host <code>${host}</code> cannot be seen: nothing is known of it.
      </p>`,
  );
  const rules = expiredRules.map(
    (rule) =>
      html`<p class="warning">
        The rule for <code>${rule.path}</code> has no effect any more: ${ruleInWords(rule)}:
        ${rule.reason}
      </p>`,
  );
  const notes = hostNotes.map(
    ({ host, message }) => html`<p class="warning">Host <code>${host}</code>: ${message}</p>`,
  );
  return [...hosts, ...notes, ...rules];
}

function filtersOf(items: readonly (Item | IgnoredItem)[]): Html {
  if (items.length === 0) return html``;
  return html`<form id="filters" role="search">
    <label>Search <input name="text" type="search" autocomplete="off" /></label>
    ${selectOf(
      'state',
      'State',
      items.map((item) => ('state' in item ? item.state : 'ignored')),
    )}
    ${selectOf(
      'kind',
      'Class',
      items.map((item) => item.class),
    )}
    ${selectOf(
      'host',
      'Host',
      items.map(({ host }) => host),
    )}
  </form>`;
}

function selectOf(name: string, label: string, values: readonly string[]): Html {
  const options = [...new Set(values)].toSorted().map((value) => html`<option>${value}</option>`);
  return html`<label
    >${label}
    <select name="${name}">
      <option value="">all</option>
      ${options}
    </select></label
  >`;
}

function sectionsOf(state: State, items: readonly (Item | IgnoredItem)[]): readonly Html[] {
  return [...groupBy(items, serviceInWords)].map(
    ([service, group]) =>
      html`<section>
        <h2>${service} <span class="quiet">${state}</span></h2>
        ${group.map((item) => articleOf(state, item))}
      </section>`,
  );
}

function articleOf(state: State, item: Item | IgnoredItem): Html {
  const { slot, host, container, path, desired, observed } = item;
  const severity = 'severity' in item ? item.severity : 'info';
  const place = [slot === '' || slot === host ? '' : `slot ${slot}`, host, container];
  return html`<article
    class="${state} ${severity}"
    data-state="${state}"
    data-kind="${item.class}"
    data-host="${host}"
  >
    <h3>${fieldName(path)} <span class="kind">${item.class}</span></h3>
    <p class="quiet">${place.filter((part) => part !== '').join(' · ')}</p>
    <dl>
      <dt>is</dt>
      <dd><code>${formatField(path, observed)}</code></dd>
      <dt>should be</dt>
      <dd><code>${formatField(path, desired)}</code></dd>
      ${originOf(item)} ${'rule' in item ? ruleOf(item) : timesOf(item)}
    </dl>
  </article>`;
}

function originOf({ origin }: Item | IgnoredItem): Html {
  if (origin === null) return html``;
  const { commit, author, date } = origin;
  return html`<dt>asked for by</dt>
    <dd>
      <code>${formatPosition(origin)}</code> in <code>${commit.slice(0, 12)}</code> by
      ${nameOf(author)}, ${date.slice(0, 10)}
    </dd>`;
}

function timesOf(item: Item): Html {
  const { firstSeen, resolvedAt, action, note, cause, contended } = item;
  const resolved = resolvedAt === null ? html`` : html`, resolved <time>${resolvedAt}</time>`;
  const by = html`<dt>by</dt>
    <dd>${causeWords(item)}</dd>`;
  const fight = html`<dt>contended</dt>
    <dd>somebody keeps changing it back</dd>`;
  return html`<dt>since</dt>
    <dd><time>${firstSeen}</time>${resolved}</dd>
    ${cause === null ? html`` : by} ${contended ? fight : html``}
    <dt>${action}</dt>
    <dd>${note}</dd>`;
}

function ruleOf({ rule }: IgnoredItem): Html {
  return html`<dt>left alone by</dt>
    <dd><code>${ruleInWords(rule)}</code>: ${rule.reason}</dd>`;
}
