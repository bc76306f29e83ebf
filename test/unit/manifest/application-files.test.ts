import { expect, it } from 'vitest';

import { loadFiles } from '../../support/load-files.ts';

const image = 'services:\n  web:\n    image: nginx\n';

it('loadManifests() names every file that each was read from, also of one that is not valid', () => {
  const service =
    'image: x\n    env_file: [{ path: web.env }, { path: none.env, required: false }]';
  const loaded = loadFiles({
    'shop/compose.yaml': `services:\n  web:\n    ${service}\n    configs: [c]\nconfigs: { c: { file: ../c.conf } }\n`,
    'shop/compose.override.yaml': image,
    'shop/.env': 'A=1',
    'shop/web.env': 'B=1',
    'shop/README.md': '',
    'c.conf': '',
    'bad/compose.yaml': 'services: { web: { imge: x, env_file: [bad.env] } }',
    'bad/bad.env': '',
    'broken/compose.yaml': 'a: [',
  });

  const shop = [
    'c.conf',
    'shop/.env',
    'shop/compose.override.yaml',
    'shop/compose.yaml',
    'shop/web.env',
  ];
  expect(loaded.applications.map(({ name, files }) => [name, files])).toEqual([['shop', shop]]);
  expect(Object.fromEntries(loaded.files)).toEqual({
    bad: ['bad/bad.env', 'bad/compose.yaml'],
    broken: ['broken/compose.yaml'],
    shop,
  });
});
