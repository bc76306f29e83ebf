import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles, loadService } from '../../support/load-files.ts';
import { originAt } from '../../../src/model/origin.ts';

describe('label_file', () => {
  it('is overridden by later files and by labels, and its values know where they stand', () => {
    const service = loadService(
      'services: { web: { image: x, label_file: [a.label, ./b.label], labels: [C=own] } }',
      {
        'shop/a.label': 'A=a\nB=a\nC=a\n',
        'shop/b.label': '# second\nB="${A}-b"\n',
      },
    );

    expect(service.container.labels).toEqual({ A: 'a', B: 'a-b', C: 'own' });
    expect(originAt(service.origins, 'labels.B')).toEqual({
      file: 'shop/b.label',
      line: 2,
      column: 1,
    });
  });

  it('may be one file, of a service without labels', () => {
    const service = loadService('services: { web: { image: x, label_file: a.label } }', {
      'shop/a.label': 'A=1\n',
    });

    expect(service.container.labels).toEqual({ A: '1' });
  });

  it('must be there', () => {
    const { diagnostics } = loadFiles({
      'shop/compose.yaml': 'services: { web: { image: x, label_file: [a.label] } }',
    });

    expect(diagnostics.map(formatProblem)).toEqual([
      'shop/compose.yaml:1:43 file-not-found: Cannot read label_file "shop/a.label": there is no such file in the commit',
    ]);
  });

  it('must not hold labels of ours', () => {
    const { diagnostics } = loadFiles({
      'shop/compose.yaml': 'services: { web: { image: x, label_file: a.label } }',
      'shop/a.label': 'fleetwright.app=x\n',
    });

    expect(diagnostics.map(formatProblem)).toEqual([
      'shop/a.label:1:1 reserved-label: the label "fleetwright.app" is written by Fleetwright itself',
    ]);
  });
});
