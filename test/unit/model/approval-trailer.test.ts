import { describe, expect, it } from 'vitest';

import { approvedHashes } from '../../../src/model/approval-trailer.ts';

const [one, two] = ['1a'.repeat(32), '2b'.repeat(32)];

describe('approvedHashes()', () => {
  it.each<[string, string, readonly string[]]>([
    ['a message without one', 'Merge pull request #4 from x/y\n\nTitle', []],
    ['a trailer', `Merge\n\nFleetwright-Plan: ${one}\n`, [one]],
    ['a trailer before others', `Merge\n\nFleetwright-Plan: ${one}\n\nCo-authored-by: B`, [one]],
    ['lines that end as in a browser', `Merge\r\n\r\nFleetwright-Plan: ${one}\r\n`, [one]],
    ['other letters', `Merge\n\nfleetwright-plan:  ${one.toUpperCase()} `, [one]],
    ['two of them', `Fleetwright-Plan: ${one}\nFleetwright-Plan: ${two}`, [one, two]],
    ['a part of a line', `see Fleetwright-Plan: ${one}`, []],
    ['a quote', `> Fleetwright-Plan: ${one}`, []],
    ['a hash that is cut', `Fleetwright-Plan: ${one.slice(0, 40)}`, []],
    ['a hash and more', `Fleetwright-Plan: ${one}0`, []],
  ])('reads %s', (_case, message, hashes) => {
    expect(approvedHashes(message)).toEqual(hashes);
  });
});
