import { describe, expect, it } from 'vitest';

import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { JournalState } from '../../../src/model/journal-state.ts';
import { label } from '../../../src/model/labels.ts';
import type { HostObservation, ObservedContainer } from '../../../src/model/observation.ts';
import type { Instance, Inventory } from '../../../src/drift/identify.ts';
import { takeInventory } from '../../../src/drift/identify.ts';
import {
  aJournal,
  anInstance,
  anUnreachableHost,
  aReachableHost,
  aService,
} from '../../support/builders.ts';

const service = aService();
const web = anInstance(service);

function inventoryOf(containers: readonly ObservedContainer[], journal = aJournal()): Inventory {
  const host = aReachableHost('host-1', { containers });
  return takeInventory(new Map([[host.host, host]]), journal);
}

function seen({ container, identity, slotKey }: Instance): JournalState {
  const { id, host } = container;
  const { epoch, hash } = identity;
  return reduceJournal(aJournal(), {
    kind: 'instance-seen',
    slot: slotKey,
    container: id,
    epoch,
    hash,
    host,
  });
}

function announced(facts: Partial<{ epoch: number; host: string }> = {}): JournalState {
  const { epoch = 1, host = web.container.host } = facts;
  return reduceJournal(aJournal(), {
    kind: 'slot-reserved',
    slot: web.slotKey,
    epoch,
    hash: service.hash,
    host: host as typeof web.container.host,
    vacating: false,
  });
}

describe('takeInventory()', () => {
  it('takes the right name under the right labels for ours, also without a journal', () => {
    const { instances, copies } = inventoryOf([web.container]);

    expect(instances).toEqual([{ ...web, known: false }]);
    expect(copies).toEqual([]);
  });

  it.each([
    ['was seen before', seen(web), true],
    ['is that of the announced create', announced(), true],
    ['is of another epoch than was announced', announced({ epoch: 2 }), false],
    ['is on another host than was announced', announced({ host: 'host-2' }), false],
  ])('knows a container that %s', (_name, journal, known) => {
    expect(inventoryOf([web.container], journal).instances).toMatchObject([{ known }]);
  });

  it('takes another name under an id that it knows for renamed', () => {
    const renamed = { ...web.container, name: 'other' };

    const { instances } = inventoryOf([renamed], seen(web));

    expect(instances).toMatchObject([{ renamed: true, known: true, slotKey: 'shop/web/1' }]);
  });

  it.each([
    ['another name under an unknown id', { name: 'copy' }],
    ['labels that do not fit together', { labels: { ...web.container.labels, [label.slot]: '2' } }],
    ['labels of which one is missing', { labels: { [label.fleet]: 'test' } }],
  ])('takes a container with %s for a copy', (_name, change) => {
    const container = { ...web.container, ...change };

    expect(inventoryOf([container])).toEqual({
      instances: [],
      copies: [container],
      strangers: [],
    });
  });

  it('sorts by slot, then the highest epoch first', () => {
    const list = [
      anInstance(service, { slot: '2' }),
      anInstance(service, { epoch: 1 }),
      anInstance(service, { epoch: 10 }),
    ];

    const { instances } = inventoryOf(list.map(({ container }) => container));

    expect(instances.map(({ identity }) => [identity.slot, identity.epoch])).toEqual([
      ['1', 10],
      ['1', 1],
      ['2', 1],
    ]);
  });

  it('says nothing of a host that cannot be seen', () => {
    const host: HostObservation = anUnreachableHost('host-1');

    expect(takeInventory(new Map([[host.host, host]]), seen(web))).toEqual({
      instances: [],
      copies: [],
      strangers: [],
    });
  });

  it('keeps a container that was taken on, by its id and whatever it is called', () => {
    const stranger = { ...web.container, name: 'shop_web_1', labels: {} };
    const adopted = { hash: service.hash, labels: {} };
    const journal = reduceJournal(aJournal(), {
      kind: 'instance-adopted',
      slot: 'shop/web/1',
      container: stranger.id,
      name: stranger.name,
      host: stranger.host,
      adopted,
    });

    expect(inventoryOf([stranger]).strangers).toEqual([stranger]);
    expect(inventoryOf([stranger], journal)).toMatchObject({
      instances: [
        { adopted, slotKey: 'shop/web/1', identity: { epoch: 0, slot: '1' }, renamed: false },
      ],
      copies: [],
      strangers: [],
    });
  });
});
