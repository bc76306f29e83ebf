import { child, complain, isPresent, items, readText, readTexts, type Cursor } from '../cursor.ts';
import { didYouMean } from '../suggest.ts';
import type { Rule } from './rule.ts';

const forms = ['CMD', 'CMD-SHELL', 'NONE'];

/** A healthcheck's test is in one of the three forms that the engine knows. */
export const healthchecksAreWellFormed: Rule = ({ services }) => {
  for (const service of services.values()) {
    const check = child(service, 'healthcheck');
    judgeTest(child(check, 'test'));
    const startInterval = child(check, 'start_interval');
    if (isPresent(startInterval) && !isPresent(child(check, 'start_period'))) {
      complain(startInterval, 'missing-key', '"start_interval" needs "start_period"');
    }
  }
};

function judgeTest(test: Cursor): void {
  if (test.node?.kind !== 'list') return;
  const [form] = readTexts(test);
  const [first = test] = items(test);
  if (form === undefined || !forms.includes(form)) {
    const got = form === undefined ? 'nothing' : `"${form}"`;
    complain(
      first,
      'invalid-value',
      `a healthcheck's test must start with CMD, CMD-SHELL or NONE, got ${got}${didYouMean(form ?? '', forms)}`,
      'Write a text instead of a list to run it in a shell',
    );
  } else if (form !== 'NONE' && items(test).length < 2) {
    complain(test, 'invalid-value', `a healthcheck's test has no command after ${readText(first)}`);
  }
}
