import { isoTime } from '../model/iso-time.ts';
import type { Notice } from '../model/notice.ts';

/** A notice in one line: `prod: shop: the rollout of commit 0123456789ab has failed: …`. */
export function renderNotice({ event, fleet, application, message }: Notice): string {
  const where = [fleet, application].filter((part) => part !== '');
  const lead = event === 'reminder' ? ['still'] : [];
  return [...where, ...lead, message].join(': ');
}

/** A notice as the subject and the text of a mail. */
export function renderMail(notice: Notice): { readonly subject: string; readonly text: string } {
  const { event, fleet, application, commit, host, actor, at, id, resolves, reminds } = notice;
  const rows = [
    ['event', event],
    ['fleet', fleet],
    ['application', application],
    ['host', host ?? ''],
    ['commit', commit ?? ''],
    ['by', actor],
    ['at', isoTime(at)],
    ['notice', id],
    ['ends', resolves ?? ''],
    ['reminds of', reminds ?? ''],
  ].filter(([, value]) => value !== '');
  const facts = rows.map(([name = '', value = '']) => `${`${name}:`.padEnd(13)}${value}`);
  const about = application === '' ? (host ?? fleet) : application;
  return {
    subject: `[fleetwright] ${[about, event].filter((part) => part !== '').join(': ')}`,
    text: [renderNotice(notice), '', ...facts, ''].join('\n'),
  };
}

/** A message for the incoming webhooks of Slack, in which nothing of what others wrote calls anybody or hides where a link leads. */
export function slackMessage(notice: Notice): { readonly text: string } {
  const text = renderNotice(notice)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
  return { text: `${signs[notice.tone]} ${text}` };
}

/** The same for Mattermost, where text is Markdown and an at sign calls people, also one that is written `&commat;`. */
export function mattermostMessage(notice: Notice): { readonly text: string } {
  const text = renderNotice(notice)
    .replaceAll(/[\\`*_{}[\]()#+!|~<>&]/g, String.raw`\$&`)
    .replaceAll('@', '@\u200b');
  return { text: `${signs[notice.tone]} ${text}` };
}

const signs = { good: ':white_check_mark:', neutral: ':information_source:', bad: ':x:' } as const;
