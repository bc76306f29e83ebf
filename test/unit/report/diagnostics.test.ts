import { expect, it } from 'vitest';

import { diagnosticAt } from '../../../src/model/diagnostic.ts';
import { renderDiagnostics, summarizeDiagnostics } from '../../../src/report/render-diagnostics.ts';
import { plainStyle } from '../../../src/report/style.ts';

const at = { file: 'shop/compose.yaml', line: 3, column: 5 };
const problems = [
  diagnosticAt(at, 'services.web.imge', 'unknown-key', 'unknown key "imge"', {
    hint: 'did you mean "image"?',
  }),
  diagnosticAt({ ...at, line: 9 }, '', 'no-healthcheck', 'it has no gate', { severity: 'warning' }),
];

it('renderDiagnostics() writes them as compilers do', () => {
  expect(renderDiagnostics(problems, plainStyle)).toMatchInlineSnapshot(`
    "shop/compose.yaml:3:5: error: unknown key "imge" [unknown-key]
      hint: did you mean "image"?
    shop/compose.yaml:9:5: warning: it has no gate [no-healthcheck]"
  `);
});

it('renderDiagnostics() marks errors and warnings', () => {
  const style = { ...plainStyle, red: (text: string) => `<r ${text}>`, yellow: () => '<y>' };

  const lines = renderDiagnostics(problems, style).split('\n');

  expect(lines[0]).toContain(': <r error>: ');
  expect(lines[2]).toContain(': <y>: ');
});

it('summarizeDiagnostics() counts errors and warnings', () => {
  expect(summarizeDiagnostics(problems, 2)).toBe('1 error, 1 warning in 2 applications');
  expect(summarizeDiagnostics([], 1)).toBe('0 errors, 0 warnings in 1 application');
});
