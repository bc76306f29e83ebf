import { describe, expect, it } from 'vitest';

import { readQueryAnswer } from '../../../src/reconcile/query-answer.ts';

function success(data: object): string {
  return JSON.stringify({ status: 'success', data });
}

function series(...values: readonly string[]): string {
  const result = values.map((value) => ({ metric: {}, value: [1_700_000_000.1, value] }));
  return success({ resultType: 'vector', result });
}

describe('what a query gives', () => {
  it.each([
    ['a series', series('42.5'), 42.5],
    ['nothing to do', series('0'), 0],
    ['less than nothing', series('-3'), -3],
    ['a large number', series('1e+21'), 1e21],
    ['a scalar', success({ resultType: 'scalar', result: [1_700_000_000, '7'] }), 7],
  ])('%s is a number', (_name, text, value) => {
    expect(readQueryAnswer(200, text)).toEqual({ kind: 'read', value });
  });

  it.each([
    ['no series', 200, series(), 'the query gives no series'],
    ['two', 200, series('1', '2'), 'the query gives 2 series, and one is wanted, as with sum(…)'],
    ['no number', 200, series('NaN'), 'the query gives "NaN"'],
    ['no end of it', 200, series('+Inf'), 'the query gives "+Inf"'],
    ['an empty text', 200, series(''), 'the query gives ""'],
    [
      'a matrix',
      200,
      success({ resultType: 'matrix', result: [] }),
      'the query gives a matrix, and one number is wanted',
    ],
    ['a page', 200, '<html>', 'what answers is no Prometheus'],
    ['nothing', 200, '', 'what answers is no Prometheus'],
    ['JSON of somebody else', 200, '[1]', 'what answers is no Prometheus'],
    ['null', 200, 'null', 'what answers is no Prometheus'],
    [
      'a sample that is none',
      200,
      success({ resultType: 'vector', result: [{ value: 5 }] }),
      'what answers is no Prometheus',
    ],
    [
      'a query that is none',
      400,
      '{"status":"error","errorType":"bad_data","error":"1:5: parse error:\\nunclosed"}',
      'HTTP 400: 1:5: parse error: unclosed',
    ],
    ['a proxy whose server is gone', 502, '<html>Bad Gateway</html>', 'HTTP 502'],
  ])('%s is none', (_name, status, text, reason) => {
    expect(readQueryAnswer(status, text)).toEqual({ kind: 'unread', reason });
  });
});
