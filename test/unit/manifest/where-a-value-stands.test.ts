import { expect, it } from 'vitest';

import { originOf } from '../../../src/model/origin.ts';
import type { Files } from '../../support/load-files.ts';
import { loadFiles } from '../../support/load-files.ts';

const limits = (memory: string): string =>
  `deploy: { resources: { limits: { memory: ${memory} } } }`;
const path = 'deploy.resources.limits.memory';
const level = 'environment.LEVEL';

const base = 'services:\n  web:\n    image: nginx\n';

/** The same value, written in all the ways in which a manifest can hold it. */
const cases: readonly [string, string, Files, string][] = [
  [
    'itself',
    path,
    { 'shop/compose.yaml': `${base}    ${limits('64M')}\n` },
    'shop/compose.yaml:4:46',
  ],
  [
    'an anchor',
    path,
    {
      'shop/compose.yaml': `x-limits: &limits\n  limits:\n    memory: 64M\n${base}    deploy: { resources: *limits }\n`,
    },
    'shop/compose.yaml:3:13',
  ],
  [
    'a merge key',
    path,
    {
      'shop/compose.yaml': `x-service: &service\n  ${limits('64M')}\nservices:\n  web:\n    <<: *service\n    image: nginx\n`,
    },
    'shop/compose.yaml:2:44',
  ],
  [
    'extends',
    path,
    {
      'shop/common.yaml': `services:\n  common:\n    ${limits('64M')}\n`,
      'shop/compose.yaml': `${base}    extends: { file: common.yaml, service: common }\n`,
    },
    'shop/common.yaml:3:46',
  ],
  [
    'include',
    path,
    {
      'shop/parts/web.yaml': `${base}    ${limits('64M')}\n`,
      'shop/compose.yaml': 'name: shop\ninclude: [parts/web.yaml]\nservices: {}\n',
    },
    'shop/parts/web.yaml:4:46',
  ],
  [
    'an override file',
    path,
    {
      'shop/compose.yaml': `${base}    ${limits('32M')}\n`,
      'shop/compose.override.yaml': `services:\n  web:\n    ${limits('64M')}\n`,
    },
    'shop/compose.override.yaml:3:46',
  ],
  [
    'an env file',
    level,
    {
      'shop/compose.yaml': `${base}    env_file: app.env\n`,
      'shop/app.env': '# how much is said\nLEVEL=info\n',
    },
    'shop/app.env:2:1',
  ],
];

it.each(cases)('a value stands where it is written: by %s', (_how, at, files, place) => {
  const { applications, diagnostics } = loadFiles(files);

  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  expect(errors).toEqual([]);
  const service = applications[0]?.services[0];
  const origin = service === undefined ? null : originOf(service.origins, at);
  expect(origin && `${origin.file}:${origin.line}:${origin.column}`).toBe(place);
});
