import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles, loadService } from '../../support/load-files.ts';

function manifest(config: string): string {
  return `services: { web: { image: x, configs: [c] } }\nconfigs: { c: { ${config} } }\n`;
}

function problems(config: string): readonly string[] {
  const files = { 'shop/compose.yaml': manifest(config), 'shop/.env': 'GREETING=$$hello\n' };
  return loadFiles(files).diagnostics.map(formatProblem);
}

describe('configs from variables', () => {
  it('hold the value as it is', () => {
    const { container } = loadService(manifest('environment: GREETING'), {
      'shop/.env': "GREETING='$hello'\n",
    });

    expect(container.files.map(({ content }) => Buffer.from(content, 'base64').toString())).toEqual(
      ['$hello'],
    );
  });

  it('of the included project are known in what it declares', () => {
    const { container } = loadService('include: [{ path: ../lib/a.yaml, env_file: a.env }]', {
      'shop/a.env': 'A=1\nB=2\nC=3\n',
      'shop/.env': 'B=own\n',
      'lib/a.yaml': `
services: { a: { image: x, environment: [A, B, D], configs: [c], extends: b }, b: { image: x, environment: { C: , E: } } }
configs: { c: { environment: A } }
`,
    });

    expect(container.environment).toEqual({ A: '1', B: 'own', C: '3', D: null, E: null });
    expect(container.files.map(({ content }) => content)).toEqual([btoa('1')]);
  });

  it.each([
    [
      'environment: GRETING',
      'shop/compose.yaml:2:30 undefined-variable: the variable "GRETING" is not set (did you mean "GREETING"?)',
    ],
    [
      'environment: GREETING, content: x',
      'shop/compose.yaml:2:40 conflicting-keys: config "c" cannot have both "environment" and "content"',
    ],
  ])('complain about %s', (config, problem) => {
    expect(problems(config)).toEqual([problem]);
  });
});
