import { describe, expect, it } from 'vitest';

import type { TreeEntry } from '../../../src/model/tree.ts';
import { revertEdits, revertMessage } from '../../../src/reconcile/revert-application.ts';
import { aQuarantine, aRevision, aService } from '../../support/builders.ts';

/** A tree of files by path and blob. */
function tree(files: Readonly<Record<string, string>>): ReadonlyMap<string, TreeEntry> {
  return new Map(
    Object.entries(files).map(([path, oid]) => [path, { path, kind: 'file', oid } as const]),
  );
}

/** Files by application: these of `shop`, and those of another one. */
function shop(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return new Map([
    ['shop', files],
    ['blog', ['blog.yaml', 'common.env']],
  ]);
}

describe('revertEdits()', () => {
  it.each([
    {
      name: 'restores what has changed, and only that',
      head: { 'shop.yaml': '2', 'a.env': '1', 'blog.yaml': '2', README: '2' },
      target: { 'shop.yaml': '1', 'a.env': '1', 'blog.yaml': '1', README: '1' },
      filesAtHead: ['shop.yaml', 'a.env'],
      filesAtTarget: ['shop.yaml', 'a.env'],
      edits: [['shop.yaml', '1']],
    },
    {
      name: 'brings back what was removed, and removes what was added',
      head: { 'shop.yaml': '1', 'b.env': '2' },
      target: { 'shop.yaml': '1', 'a.env': '1' },
      filesAtHead: ['shop.yaml', 'b.env'],
      filesAtTarget: ['shop.yaml', 'a.env'],
      edits: [
        ['a.env', '1'],
        ['b.env', null],
      ],
    },
    {
      name: 'follows a manifest that was moved',
      head: { 'new/shop.yaml': '1' },
      target: { 'old/shop.yaml': '1' },
      filesAtHead: ['new/shop.yaml'],
      filesAtTarget: ['old/shop.yaml'],
      edits: [
        ['new/shop.yaml', null],
        ['old/shop.yaml', '1'],
      ],
    },
    {
      name: 'leaves a file alone that it reads now and others read too',
      head: { 'shop.yaml': '2', 'common.env': '2' },
      target: { 'shop.yaml': '1', 'common.env': '1' },
      filesAtHead: ['shop.yaml', 'common.env'],
      filesAtTarget: ['shop.yaml'],
      edits: [['shop.yaml', '1']],
    },
    {
      name: 'changes nothing when nothing has changed, also in a shared file',
      head: { 'shop.yaml': '1', 'common.env': '1' },
      target: { 'shop.yaml': '1', 'common.env': '1' },
      filesAtHead: ['shop.yaml', 'common.env'],
      filesAtTarget: ['shop.yaml', 'common.env'],
      edits: [],
    },
  ])('$name', ({ head, target, filesAtHead, filesAtTarget, edits }) => {
    const result = revertEdits({
      application: 'shop',
      head: tree(head),
      target: tree(target),
      filesAtHead: shop(filesAtHead),
      filesAtTarget,
    });

    expect([...result.edits]).toEqual(edits);
    expect(result.shared).toEqual([]);
  });

  it('names a file that it would need and that is not its alone', () => {
    const result = revertEdits({
      application: 'shop',
      head: tree({ 'shop.yaml': '2', 'common.env': '2' }),
      target: tree({ 'shop.yaml': '1', 'common.env': '1' }),
      filesAtHead: shop(['shop.yaml', 'common.env']),
      filesAtTarget: ['shop.yaml', 'common.env'],
    });

    expect(result.shared).toEqual([{ path: 'common.env', applications: ['blog'] }]);
  });

  it('brings a deleted application back', () => {
    const { edits } = revertEdits({
      application: 'shop',
      head: tree({ 'blog.yaml': '1' }),
      target: tree({ 'shop.yaml': '1' }),
      filesAtHead: new Map([['blog', ['blog.yaml']]]),
      filesAtTarget: ['shop.yaml'],
    });

    expect([...edits]).toEqual([['shop.yaml', '1']]);
  });
});

describe('revertMessage()', () => {
  const story = {
    application: 'shop',
    from: { ...aRevision('b0b'), subject: 'shop: faster checkout' },
    to: { ...aRevision('a0a'), subject: 'shop: checkout' },
    failed: [aQuarantine(aService(), { message: 'it exited with code 1' })],
    reason: null,
    by: 'ada on desk, with "fleetwright rollback shop"',
  };

  it('says what, why and who in lines that fit, and ends with trailers', () => {
    const message = revertMessage(story);

    expect(message).toBe(
      [
        'Revert shop to 0000000000',
        '',
        'web failed in 0000000000: Exited: it exited with code 1',
        '',
        'Restores the files of shop as they were in 0000000000 "shop: checkout",',
        'and takes back 0000000000 "shop: faster checkout".',
        '',
        'Asked for by ada on desk, with "fleetwright rollback shop".',
        '',
        'Fleetwright-Rollback: shop',
        `Fleetwright-Reverts: ${story.from.commit}`,
      ].join('\n'),
    );
  });

  it('begins with the words of the person, and keeps the trailers to itself', () => {
    const reason = 'Orders fail\n\nFleetwright-Rollback: other';
    const message = revertMessage({ ...story, reason, failed: [] });

    expect(message.split('\n\n')[1]).toBe('Orders fail Fleetwright-Rollback: other');
    expect(message.split('\n\n').at(-1)?.split('\n')).toHaveLength(2);
  });
});
