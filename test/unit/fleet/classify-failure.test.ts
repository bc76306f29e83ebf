import { expect, it } from 'vitest';

import { classifyRefusal, refusedPort } from '../../../src/fleet/classify-failure.ts';

/** Words of engines 20.10 and 26, as they came. */
const refusals = [
  [
    'revision',
    'ImageNotFound',
    404,
    'manifest for registry:5000/shop/web:nope not found: manifest unknown: manifest unknown',
    'i',
  ],
  ['revision', 'ImageNotFound', 404, 'No such image: shop:1', ''],
  [
    'revision',
    'ImageUnauthorized',
    500,
    'Get "https://registry:5000/v2/": unauthorized: authentication required',
    'i',
  ],
  [
    'revision',
    'ImageUnauthorized',
    404,
    "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'i',
  ],
  [
    'infrastructure',
    'RegistryUnavailable',
    500,
    'Get "https://registry:5000/v2/": dial tcp 10.0.0.9:5000: connect: connection refused',
    'i',
  ],
  [
    'infrastructure',
    'RegistryUnavailable',
    500,
    'Get "https://registry-1.docker.io/v2/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    'i',
  ],
  [
    'infrastructure',
    'RegistryUnavailable',
    500,
    'toomanyrequests: You have reached your pull rate limit.',
    'i',
  ],
  [
    'infrastructure',
    'RegistryUnavailable',
    500,
    'received unexpected HTTP status: 503 Service Unavailable',
    'i',
  ],
  ['infrastructure', 'EngineFailure', 400, 'No such container: 0123abc', ''],
  ['infrastructure', 'RegistryUnavailable', 500, 'something that nobody has seen yet', 'i'],
  [
    'infrastructure',
    'DiskFull',
    500,
    'failed to register layer: Error processing tar file(exit status 1): write /a: no space left on device',
    'i',
  ],
  [
    'infrastructure',
    'DiskFull',
    500,
    'mkdir /var/lib/docker/overlay2/x: no space left on device',
    '',
  ],
  [
    'revision',
    'PlatformMismatch',
    500,
    'no matching manifest for linux/arm64/v8 in the manifest list entries',
    'i',
  ],
  [
    'capacity',
    'PortConflict',
    500,
    'driver failed programming external connectivity on endpoint web (1f): Bind for 0.0.0.0:8080 failed: port is already allocated',
    '',
  ],
  [
    'capacity',
    'PortConflict',
    500,
    'driver failed programming external connectivity on endpoint web (1f): Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use',
    '',
  ],
  ['revision', 'NetworkNotFound', 404, 'network shop_default not found', ''],
  [
    'revision',
    'CannotStart',
    400,
    'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown',
    '',
  ],
  [
    'revision',
    'CannotStart',
    400,
    'OCI runtime create failed: exec: "x": executable file not found in $PATH: unknown',
    '',
  ],
  [
    'revision',
    'CannotStart',
    400,
    'OCI runtime create failed: exec: "/etc/passwd": permission denied: unknown',
    '',
  ],
  [
    'revision',
    'CannotStart',
    500,
    'unable to find user nobody: no matching entries in passwd file',
    '',
  ],
  [
    'revision',
    'InvalidConfiguration',
    400,
    'invalid mount config for type "bind": bind source path does not exist: /nope',
    '',
  ],
  ['revision', 'InvalidConfiguration', 400, 'Minimum memory limit allowed is 6MB', ''],
  [
    'capacity',
    'NameConflict',
    409,
    'Conflict. The container name "/web" is already in use by container "1f". You have to remove (or rename) that container to be able to reuse that name.',
    '',
  ],
  ['infrastructure', 'EngineFailure', 500, 'containerd: context canceled', ''],
] as const;

it.each(refusals)(
  'classifyRefusal() takes for %s %s: %i %s',
  (cls, reason, status, message, image) => {
    const failure = classifyRefusal('do it', { status, message, image, login: '' });

    expect(failure).toMatchObject({ class: cls, reason });
    expect(failure.message).toContain(`Cannot do it: ${message}`);
  },
);

it('refusedPort() finds the port in both wordings', () => {
  const taken = refusals.filter(([, reason]) => reason === 'PortConflict').map((row) => row[3]);

  expect(taken.map(refusedPort)).toEqual([8080, 8080]);
  expect(refusedPort('network shop_default not found')).toBeNull();
});

it('classifyRefusal() blames a login that was sent, and names it', () => {
  const message = 'Get "https://ghcr.io/v2/": unauthorized: authentication required';
  const refusal = { status: 500, message, image: 'ghcr.io/team/web', login: 'ghcr.io/team' };

  expect(classifyRefusal('pull it', refusal)).toEqual({
    class: 'infrastructure',
    reason: 'LoginRefused',
    message: `Cannot pull it with the login for "ghcr.io/team": ${message} (check this login in config.json of the folder of credentials, and that it may pull the image)`,
  });
});
