import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { noticeEvents, type Notice } from '../../../src/model/notice.ts';
import { commitStatusOf } from '../../../src/report/commit-status.ts';
import { noticeDocument } from '../../../src/report/notice-document.ts';
import {
  mattermostMessage,
  renderMail,
  renderNotice,
  slackMessage,
} from '../../../src/report/render-notice.ts';
import { aCommit, origin } from '../../support/builders.ts';

const notice: Notice = {
  id: 'x-1',
  event: 'rollout-failed',
  tone: 'bad',
  at: 1_764_500_000_000,
  fleet: 'prod',
  application: 'shop',
  service: 'web',
  slot: '1',
  host: null,
  commit: aCommit('a'),
  origin,
  actor: 'Ada',
  message: 'it has failed: no',
  reason: 'no',
  resolves: null,
  reminds: null,
};

describe('the status of a commit', () => {
  it.each([
    ['commit-accepted', 'pending', 'the commit is taken up'],
    ['commit-converged', 'success', 'the fleet is as the commit asks'],
    ['commit-rejected', 'failure', 'shop: no'],
    ['rollout-failed', 'failure', 'shop: no'],
  ] as const)('%s: %s', (event, state, description) => {
    const context = 'fleetwright/prod';

    expect(commitStatusOf({ ...notice, event })).toEqual({
      commit: aCommit('a'),
      state,
      description,
      context,
    });
  });

  it('has at most 140 characters, and another context for a test and where no fleet is known', () => {
    const long = commitStatusOf({ ...notice, reason: 'x'.repeat(500) });

    expect(long?.description).toHaveLength(140);
    expect(long?.description).toMatch(/^shop: x+…$/);
    expect(commitStatusOf({ ...notice, event: 'test' })?.context).toBe('fleetwright/prod/test');
    expect(commitStatusOf({ ...notice, fleet: '' })?.context).toBe('fleetwright');
  });

  it('is not cut within a character, which code hosts would refuse', () => {
    const cut = commitStatusOf({ ...notice, application: '', reason: `${'x'.repeat(138)}😀yz` });

    expect(cut?.description).toBe(`${'x'.repeat(138)}…`);
  });

  it('is not set by what says nothing of a commit', () => {
    const others = noticeEvents.filter(
      (event) => !/^(commit-(accepted|converged|rejected)|rollout-failed)$/.test(event),
    );

    expect(others).toHaveLength(noticeEvents.length - 4);
    expect(others.flatMap((event) => commitStatusOf({ ...notice, event }) ?? [])).toEqual([]);
    expect(commitStatusOf({ ...notice, commit: null })).toBeNull();
  });
});

describe('the forms of a notice', () => {
  it('is a document by its schema', () => {
    const file = new URL('../../../schemas/notice.schema.json', import.meta.url);
    const schema = JSON.parse(readFileSync(file, 'utf8')) as {
      properties: { event: { enum: string[] } };
    };
    const validate = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(schema);

    expect(validate(noticeDocument(notice)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate(noticeDocument({ ...notice, origin: null, resolves: 'x-0' }))).toBe(true);
    expect(schema.properties.event.enum).toEqual([...noticeEvents, 'reminder', 'test']);
  });

  it('is one line, which says so when it is a reminder', () => {
    expect(renderNotice(notice)).toBe('prod: shop: it has failed: no');
    expect(renderNotice({ ...notice, event: 'reminder' })).toBe(
      'prod: shop: still: it has failed: no',
    );
  });

  it('is a mail with what there is to know', () => {
    const { subject, text } = renderMail(notice);

    expect(subject).toBe('[fleetwright] shop: rollout-failed');
    expect(text).toContain('event:       rollout-failed\n');
    expect(text).toContain('at:          2025-11-30T10:53:20Z\n');
    expect(text).not.toContain('ends:');
  });

  it('calls nobody and links nowhere in a chat, whatever a commit says', () => {
    const hostile = { ...notice, message: '<!channel> [x](http://y) @all &commat;all & `z`' };

    expect(slackMessage(hostile).text).toBe(
      ':x: prod: shop: &lt;!channel&gt; [x](http://y) @all &amp;commat;all &amp; `z`',
    );
    expect(mattermostMessage(hostile).text).toBe(
      ':x: prod: shop: \\<\\!channel\\> \\[x\\]\\(http://y\\) @\u200ball \\&commat;all \\& \\`z\\`',
    );
  });
});
