import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { inertCode } from '../../../src/report/inert-code.ts';

describe('inertCode()', () => {
  it.each([
    ['testapp:v2', 'testapp:v2'],
    ['apps/shop/compose.yaml:4:12', 'apps/shop/compose.yaml:4:12'],
    ['a | b', 'a &#124; b'],
    ['`x` *y* _z_', '&#96;x&#96; &#42;y&#42; &#95;z&#95;'],
    ['</code><img src=x>', '&#60;/code&#62;&#60;img src=x&#62;'],
    ['&lt;', '&#38;lt;'],
    ['@ada #12 !3', '&#64;ada &#35;12 &#33;3'],
    ['https://evil.example', 'https&#58;//evil.example'],
    ['www.evil.example', 'www&#46;evil.example'],
    ['a\n/close', 'a&#92;n/close'],
    ['a\u202eb\u0000', 'a&#92;u&#123;202e&#125;b&#92;u&#123;0&#125;'],
    ['', ' '],
  ])('shows %j and nothing else', (text, inert) => {
    expect(inertCode(text)).toBe(`<code>${inert}</code>`);
  });

  it('cuts what is long', () => {
    expect(inertCode('x'.repeat(10_000)).length).toBeLessThan(400);
  });

  it('leaves nothing that Markdown or HTML could take for its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const inner = inertCode(text).slice('<code>'.length, -'</code>'.length);
        const plain = inner.replaceAll(/&#\d+;/g, '');
        expect(plain).not.toMatch(/[<>&|`*_[\]()!@#~$\\\r\n"']|:\/\/|www\./i);
      }),
    );
  });
});
