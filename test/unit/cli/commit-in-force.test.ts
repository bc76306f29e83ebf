import { expect, it } from 'vitest';

import { observeCommitInForce } from '../../../src/cli/commit-in-force.ts';
import { createOutput } from '../../../src/cli/output.ts';
import { readSettings } from '../../../src/cli/settings.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import { diagnosticAt } from '../../../src/model/diagnostic.ts';
import { origin } from '../../support/builders.ts';
import { never } from '../../support/open-test-source.ts';
import { noLogger, ShopRepository } from '../../support/shop-repository.ts';

it('a commit that is refused only after it was chosen is not said to be refused and in force at once', async () => {
  await using repository = await ShopRepository.create();
  const { bare, state } = repository;
  const settings = readSettings({ repository: bare, state }, {});
  const output = createOutput({ output: 'json', color: false }, 'status');
  using journal = openJournal(state, noLogger);
  await using source = await repository.open();
  const head = await source.head(never);

  await using live = await observeCommitInForce(settings, output, noLogger, never);
  journal.reject(head, [diagnosticAt(origin, '', 'no', 'nobody approved its plan')]);

  expect(live.world?.desired.revision.commit).toBe(head.commit);
  expect(live.rejected).toBeNull();
});
