/**
 * The YAML library is a pre-release, for its speed (docs/decisions/0020): it must read everything as its last stable
 * release does.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseAllDocuments as parseAllStable } from 'yaml-2';

import { readFixtureTree } from '../../support/fixture-tree.ts';
import { vectorsPresent } from '../../support/compose-vectors.ts';

const options = {
  version: '1.2',
  schema: 'core',
  merge: true,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

interface Read {
  readonly errors: readonly unknown[];
  toJS(options: { readonly maxAliasCount: number }): unknown;
}

/** What is read. Of what is refused only that it is: which of several errors comes first may differ. */
function outcome(documents: readonly Read[]): unknown {
  if (documents.some(({ errors }) => errors.length > 0)) return 'refused';
  try {
    return documents.map((document) => document.toJS({ maxAliasCount: -1 }));
  } catch {
    // Aliases and merge keys are resolved by our own code.
    return 'refused';
  }
}

function expectAgreement(text: string): void {
  const stable = parseAllStable(text, options);
  expect(outcome(parseAllDocuments(text, options))).toEqual(outcome(stable));
}

/** Not `?`: a map as a key, which we refuse, is written in another way by each. */
const signs =
  ': |- |\n|\n  |\n    |[|]|{|}|,|&x |*x|<<: |"|\'|!reset |!!str |!!int |>\n|# c\n|---\n|...\n|%|\t|~|a|1|0x1f|1.5|null|true|b: |key: |é| '
    .split('|')
    .concat('|\n');

describe('the pre-release of the YAML library and its last stable release', () => {
  it('agree on anything that looks like YAML (law)', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...signs), { maxLength: 16 }), (tokens) => {
        expectAgreement(tokens.join(''));
      }),
      { numRuns: 10_000 },
    );
  });

  it
    .skipIf(!vectorsPresent)
    .each(['awesome-compose', 'compose-e2e', 'compose-go/files', 'kompose'])(
    'agree on the files of %s',
    (set) => {
      const files = Object.entries(readFixtureTree(set)).filter(([path]) => /\.ya?ml$/.test(path));

      expect(files.length).toBeGreaterThan(1);
      for (const [, bytes] of files) expectAgreement(new TextDecoder().decode(bytes));
    },
  );
});
