import { expect, it } from 'vitest';

import { projectMounts } from '../../../src/fleet/project-mounts.ts';

it.each([
  {
    name: 'a bind',
    bind: '/a:/b',
    expected: { type: 'bind', source: '/a', target: '/b', readOnly: false },
  },
  { name: 'an unclean target', bind: '/a:/b//c/', expected: { target: '/b/c' } },
  {
    name: 'options in any order',
    bind: '/a:/b:rslave,ro',
    expected: { readOnly: true, propagation: 'rslave' },
  },
  {
    name: 'a volume',
    bind: 'data:/b:nocopy',
    expected: { type: 'volume', source: 'data', noCopy: true },
  },
  {
    name: 'an anonymous volume',
    bind: '/b',
    expected: { type: 'volume', source: '', target: '/b' },
  },
])('projectMounts() reads $name in Binds', ({ bind, expected }) => {
  expect(projectMounts({ HostConfig: { Binds: [bind] } })).toEqual([
    expect.objectContaining(expected),
  ]);
});

it('projectMounts() reads the Mounts notation and sorts by target', () => {
  const mounts = projectMounts({
    HostConfig: {
      Mounts: [
        { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 10, Mode: 0o700 } },
        { Type: 'bind', Source: '/s', Target: '/b', BindOptions: { CreateMountpoint: true } },
        { Type: 'volume', Source: 'v', Target: '/a', ReadOnly: true },
      ],
    },
  });

  expect(mounts).toEqual([
    { type: 'volume', source: 'v', target: '/a', readOnly: true, noCopy: false },
    {
      type: 'bind',
      source: '/s',
      target: '/b',
      readOnly: false,
      createHostPath: true,
      propagation: 'rprivate',
    },
    { type: 'tmpfs', target: '/t', readOnly: false, sizeBytes: 10, mode: 0o700 },
  ]);
});

it('projectMounts() adds volumes of the image, but not twice and not with random names', () => {
  const mounts = projectMounts({
    HostConfig: { Mounts: [{ Type: 'volume', Source: 'v', Target: '/asked/' }] },
    Mounts: [
      { Type: 'volume', Name: 'v', Destination: '/asked', RW: true },
      { Type: 'volume', Name: 'a'.repeat(64), Destination: '/random', RW: true },
      { Type: 'volume', Name: 'kept', Destination: '/named', RW: false },
      { Type: 'bind', Source: '/x', Destination: '/x' },
    ],
  });

  expect(mounts).toEqual([
    expect.objectContaining({ source: 'v', target: '/asked' }),
    expect.objectContaining({ source: 'kept', target: '/named', readOnly: true }),
    expect.objectContaining({ source: '', target: '/random' }),
  ]);
});

it('projectMounts() leaves out what comes from other containers', () => {
  const mounts = projectMounts({
    HostConfig: {
      VolumesFrom: ['abc:rw'],
      Mounts: [{ Type: 'volume', Source: 'own', Target: '/own' }],
    },
    Mounts: [
      { Type: 'volume', Name: 'own', Destination: '/own', RW: true },
      { Type: 'volume', Name: 'theirs', Destination: '/data', RW: true },
      { Type: 'volume', Name: 'theirs-files', Destination: '/.fleetwright', RW: true },
      { Type: 'bind', Source: '/x', Destination: '/x' },
    ],
  });

  expect(mounts.map(({ target }) => target)).toEqual(['/own']);
});
