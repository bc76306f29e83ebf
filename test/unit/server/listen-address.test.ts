import { expect, it } from 'vitest';

import { formatListenAddress, parseListenAddress } from '../../../src/server/listen-address.ts';

it.each([
  ['8484', '127.0.0.1:8484'],
  [':8484', '127.0.0.1:8484'],
  ['0.0.0.0:80', '0.0.0.0:80'],
  ['localhost:0', 'localhost:0'],
  ['[::1]:8484', '[::1]:8484'],
])('%s is %s', (text, address) => {
  const parsed = parseListenAddress(text) ?? expect.fail('no address');

  expect(formatListenAddress(parsed)).toBe(address);
});

it.each(['', 'localhost', '::1:8484', '[::1]', '[localhost]:80', '127.0.0.1:65536', 'http://a:80'])(
  '"%s" is no address',
  (text) => {
    expect(parseListenAddress(text)).toBeNull();
  },
);
