import { expect, it } from 'vitest';

import type { FileSpec, OnChange } from '../../../src/model/container.ts';
import { boundMounts } from '../../../src/model/delivered.ts';
import { aContainer } from '../../support/builders.ts';

const hangUp: OnChange = { kind: 'signal', signal: 'SIGHUP' };

function file(target: string, onChange?: OnChange): FileSpec {
  const file = { target, content: 'b25l', mode: 0o444, uid: 0, gid: 0 };
  return onChange === undefined ? file : { ...file, onChange };
}

function bound(files: readonly FileSpec[]): readonly string[] {
  return boundMounts(aContainer({ files })).map(({ target, kind, files: own }) =>
    [kind, target, ...own.map((each) => each.target)].join(' '),
  );
}

it('boundMounts() binds each file by itself', () => {
  expect(bound([file('/a', { kind: 'restart' }), file('/run/secrets/b')])).toEqual([
    'file /a /a',
    'file /run/secrets/b /run/secrets/b',
  ]);
});

it('boundMounts() binds the folder of secrets when one of them is to be seen anew', () => {
  expect(bound([file('/a'), file('/run/secrets/b'), file('/run/secrets/c/d', hangUp)])).toEqual([
    'file /a /a',
    'folder /run/secrets b c/d',
  ]);
});
