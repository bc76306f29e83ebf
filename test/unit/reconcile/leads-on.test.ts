import { expect, it } from 'vitest';

import { beginProof } from '../../../src/model/proof.ts';
import { leadsOn } from '../../../src/reconcile/leads-on.ts';
import { aStep } from '../../support/builders.ts';

const step = aStep({ kind: 'remove-network', name: 'n', id: 'n' });
const proof = beginProof(1);
const noted = { kind: 'proof-noted', application: 'shop', service: 'web', proof } as const;
const promoted = { kind: 'promoted', application: 'shop', at: 1 } as const;

it('a pass is followed by another one at once when what it has written may change a decision', () => {
  expect(leadsOn([], [])).toBe(false);
  expect(leadsOn([promoted], [step])).toBe(false);
  expect(leadsOn([promoted], [])).toBe(true);
  expect(leadsOn([{ kind: 'rolled-back', application: 'shop', at: 1 }], [step])).toBe(true);
});

it('the count of requests, which is another one in each pass, brings no other pass', () => {
  expect(leadsOn([noted], [])).toBe(false);
  expect(leadsOn([noted, promoted], [])).toBe(true);
});
