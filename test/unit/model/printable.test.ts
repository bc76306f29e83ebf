import { expect, it } from 'vitest';

import { printable } from '../../../src/model/printable.ts';

it.each([
  ['a\nb\u001b[31m\tc ', 'a b [31m c'],
  ['abcdefghij', 'abcdefghij'],
  ['abcdefghijk', 'abcdefghij…'],
  ['abcdefghi😀', 'abcdefghi…'],
])('prints %j in one line, and halves no character', (text, shown) => {
  expect(printable(text, 10)).toBe(shown);
});
