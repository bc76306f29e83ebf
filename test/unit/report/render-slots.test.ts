import { describe, expect, it } from 'vitest';

import type { Application, Slot, Waiting } from '../../../src/generated/status.ts';
import { renderSlots } from '../../../src/report/render-slots.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { overlong } from './lines.ts';

const now = Date.UTC(2026, 10, 21, 10, 0, 0);
const view = { prefix: 'shop/', indent: '  ', now, style: plainStyle, all: false };

function aSlot(slot: string, facts: Partial<Slot> = {}): Slot {
  return {
    service: 'web',
    slot,
    host: 'host-1',
    container: '',
    image: 'testapp:v1',
    phase: 'promoted',
    available: true,
    waitsFor: '',
    until: null,
    ...facts,
  };
}

function aWait(slot: string, facts: Partial<Waiting> = {}): Waiting {
  return {
    service: 'web',
    slot,
    host: null,
    kind: 'turn',
    reason: 'its turn',
    until: null,
    ...facts,
  };
}

function anApplication(slots: readonly Slot[], waiting: readonly Waiting[] = []): Application {
  return {
    application: 'shop',
    target: 'desired',
    targetCommit: '',
    health: 'healthy',
    suspended: false,
    conditions: [],
    rollout: null,
    services: [],
    slots: [...slots],
    waiting: [...waiting],
    failed: [],
  };
}

describe('renderSlots()', () => {
  it('shows what is under way before what waits for its turn, with countdowns', () => {
    const application = anApplication(
      [
        aSlot('1'),
        aSlot('2', { phase: 'absent', waitsFor: 'its turn: others are being replaced' }),
        aSlot('3', {
          host: 'host-10',
          phase: 'probation',
          waitsFor: 'health gate: HTTP 503 from /ready',
          until: '2026-11-21T10:01:05Z',
        }),
        aSlot('4', { host: null, phase: 'absent', available: false }),
      ],
      [aWait('2')],
    );

    expect(renderSlots(application, view).join('\n')).toMatchInlineSnapshot(`
      "  shop/web/3  host-10  probation  1 min 5 s  health gate: HTTP 503 from /ready
        shop/web/4  no host  absent
        shop/web/2  host-1   absent                its turn: others are being replaced"
    `);
  });

  it('shows first what belongs to no slot', () => {
    const waits = [
      aWait('', { kind: 'promotion', reason: 'say "fleetwright promote shop"' }),
      aWait('', {
        service: '',
        kind: 'monitor',
        reason: 'it is watched',
        until: '2026-11-21T09:59:59Z',
      }),
    ];

    expect(renderSlots(anApplication([aSlot('1')], waits), view).join('\n')).toMatchInlineSnapshot(`
      "  shop/web    promotion       say "fleetwright promote shop"
        shop        monitor    now  it is watched"
    `);
  });

  it('shows nothing when nothing is left to be done, and all slots when it is asked to', () => {
    const application = anApplication([aSlot('1'), aSlot('2')]);

    expect(renderSlots(application, view)).toEqual([]);
    expect(renderSlots(application, { ...view, all: true })).toEqual([
      '  shop/web/1  host-1  promoted',
      '  shop/web/2  host-1  promoted',
    ]);
  });

  it('shows so many slots and no more, and says how many are left', () => {
    const slots = Array.from({ length: 100 }, (_, index) =>
      aSlot(String(index + 1), { phase: 'absent' }),
    );

    const lines = renderSlots(anApplication(slots), view);

    expect(lines).toHaveLength(13);
    expect(lines.at(-1)).toBe('  … and 88 more slots');
  });

  it('goes on with a long reason below itself, within the page', () => {
    const reason = 'health gate: connection refused on port 8080 '.repeat(3).trim();
    const application = anApplication([aSlot('1', { phase: 'probation', waitsFor: reason })]);

    const lines = renderSlots(application, view);

    expect(overlong(lines.join('\n'))).toEqual([]);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.map((line) => line.slice(33).trim()).join(' ')).toBe(reason);
    expect(lines.slice(1).filter((line) => !line.startsWith(' '.repeat(30)))).toEqual([]);
  });
});
