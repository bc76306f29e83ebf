import { expect, it } from 'vitest';

import { formatProblem, loadFiles } from '../../support/load-files.ts';

function load(image: string): { readonly gc: object | undefined; readonly problems: string[] } {
  const fleet = `name: f\nhosts: [{ name: eu-1, endpoint: "unix:///a" }]\nimage: ${image}\n`;
  const { fleet: spec, diagnostics } = loadFiles({ 'fleet.yaml': fleet });
  return { gc: spec?.image.gc, problems: diagnostics.map(formatProblem) };
}

it('no image is removed where nothing is said', () => {
  expect(load('{ interval: 1m }').gc).toBeUndefined();
  expect(load('{ gc: }').gc).toBeUndefined();
});

it('images are removed after a week, twenty an hour, where no more is said', () => {
  const week = 7 * 24 * 3_600_000;

  expect(load('{ gc: {} }').gc).toMatchObject({ unusedForMs: week, keep: 3, atMost: 20 });
});

it('a fleet says when images are removed', () => {
  const { gc } = load('{ gc: { unusedFor: 36h, keep: 0, atMost: 5 } }');

  expect(gc).toMatchObject({
    unusedForMs: 36 * 3_600_000,
    keep: 0,
    atMost: 5,
    origin: { file: 'fleet.yaml', line: 3 },
  });
});

it.each([
  ['{ gc: { atMost: 0 } }', /atMost|1/],
  ['{ gc: { keep: -1 } }', /keep|0/],
  ['{ gc: { unusedFor: soon } }', /not a duration/],
  ['{ gc: { olderThan: 1d } }', /olderThan/],
])('%s is refused', (image, problem) => {
  expect(load(image).problems).toEqual([expect.stringMatching(problem)]);
});
